-- Creates an empty stream, by creating a consumer group and destroying it again. The stream is like new: it has assigned no id
-- and deleted no entry, so the number of its events stays exact.
-- KEYS[1]  the stream
-- ARGV[1]  the milliseconds until the stream expires, 0 for never
-- Returns a list, as drivers expect from a script: {1} if it created the stream, {0} if the stream existed.
local key, ttl, group = KEYS[1], ARGV[1], '@eventlog'
if redis.call('EXISTS', key) == 1 then
  redis.call('XINFO', 'STREAM', key) -- fails if the key holds another type
  return {0}
end
-- No command may be refused after the first write. So XGROUP and PEXPIRE are called first in a form that
-- changes nothing.
local refused = redis.pcall('XGROUP', 'DESTROY', key, group)
if not string.find(refused.err or '', 'requires the key to exist', 1, true) then
  return refused
end
if ttl ~= '0' then
  redis.call('PEXPIRE', key, ttl)
end
redis.call('XGROUP', 'CREATE', key, group, '$', 'MKSTREAM')
redis.call('XGROUP', 'DESTROY', key, group)
if ttl ~= '0' then
  redis.call('PEXPIRE', key, ttl)
end
return {1}
