-- Manages the leases of recordings: a sorted set of log names, scored by the time at which the lease expires.
-- KEYS[1]  the sorted set
-- ARGV[1]  the action: claim, renew, release, forget, or runout
-- ARGV[2]  the log; ARGV[3] the duration of a lease in milliseconds
-- Returns a list: GRANTED, HELD, or RUN_OUT for claim, GRANTED for renew, and up to 100 names of logs with an expired lease for
-- runout. It is empty for the other actions.
local key, what, log = KEYS[1], ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

if what == 'runout' then
  return redis.call('ZRANGEBYSCORE', key, '-inf', now, 'LIMIT', 0, 100)
end
if what == 'release' then
  redis.call('ZREM', key, log)
  return {}
end
local ends = redis.call('ZSCORE', key, log)
local over = ends and tonumber(ends) <= now
if what == 'forget' then
  if over then
    redis.call('ZREM', key, log)
  end
  return {}
end
if what == 'claim' and ends then
  return {over and 'RUN_OUT' or 'HELD'}
end
redis.call('ZADD', key, now + ARGV[3], log)
return {'GRANTED'}
