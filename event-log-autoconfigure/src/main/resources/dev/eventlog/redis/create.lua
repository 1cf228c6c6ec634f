-- Lets a stream exist that has no event: the one that a group makes which then goes again. So it is as new as can be: no id
-- was given, no entry was deleted, and nothing that counts its events is in doubt.
-- KEYS[1]  the stream
-- ARGV[1]  milliseconds until the stream expires, 0 for never
-- Answers a list, as drivers expect of a script: of 1 if there was none, of 0 if there is one.
local key, ttl, group = KEYS[1], ARGV[1], '@eventlog'
if redis.call('EXISTS', key) == 1 then
  redis.call('XINFO', 'STREAM', key) -- refused where the key holds something else
  return {0}
end
-- What comes after the first write must not be refused any more. Here only trying tells, on all versions.
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
