-- Adds events to one stream and renews its expiry.
-- KEYS[1]  the stream
-- ARGV[1]  max-length, 0 for none
-- ARGV[2]  milliseconds until it expires, 0 for never
-- ARGV[3…] for each event how many texts follow, then its fields and values by turns
-- Answers the ids.
local key, limit, ttl = KEYS[1], ARGV[1], ARGV[2]
local ids, at = {}, 3
while at <= #ARGV do
  local last = at + ARGV[at]
  if limit == '0' then
    ids[#ids + 1] = redis.call('XADD', key, '*', unpack(ARGV, at + 1, last))
  else
    ids[#ids + 1] = redis.call('XADD', key, 'MAXLEN', '~', limit, '*', unpack(ARGV, at + 1, last))
  end
  at = last + 1
end
if ttl ~= '0' then
  redis.call('PEXPIRE', key, ttl)
end
return ids
