-- Ends a log by an entry of the greatest id, after which Redis gives out none: all of it, or it is refused before anything is
-- written. That entry pushes no event out, as it is added without a limit.
-- KEYS[1]  the stream
-- ARGV[1]  max-length, 0 for none: for the last events
-- ARGV[2]  milliseconds until the stream expires, 0 to change nothing
-- ARGV[3]  how many milliseconds old an event may be, 0 for no limit: when last events are added
-- ARGV[4…] how many texts follow, then the fields and values of that entry by turns; the same of each last event
-- Answers 'done' or, if the log had ended in the same way and by the same events before, 'same'; and the ids of the last events.
-- If it had ended in another way: 'other' and how, and why if that was said. An error that says HALFDONE came after a write.
local key, limit, ttl = KEYS[1], ARGV[1], ARGV[2]
local greatest = '18446744073709551615-18446744073709551615'
local first = 5 + ARGV[4] -- of the arguments, that of the last events
local starts = {} -- of the arguments, that of each last event
local at = first
while at <= #ARGV do
  starts[#starts + 1] = at
  at = at + 1 + ARGV[at]
end
local oldest -- the smallest id that an event may have which is not too old, where there is a limit
if ARGV[3] ~= '0' and #starts > 0 then
  local time = redis.call('TIME')
  oldest = string.format('%.0f', math.max(0, time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[3])) .. '-0'
end
local trims = oldest and limit ~= '0' -- as one XADD cannot trim by both
local asksAcl = redis.acl_check_cmd ~= nil -- from Redis 7 on

local last = '0-0'
if redis.call('EXISTS', key) == 1 then
  local info = redis.call('XINFO', 'STREAM', key)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      last = info[i + 1]
    end
  end
end

local function same(fields, from, to)
  local n = to - from + 1
  for i = 1, n do
    if fields[i] ~= ARGV[from + i - 1] then
      return false
    end
  end
  return true
end

if last == greatest then
  local closing = redis.call('XRANGE', key, greatest, greatest, 'COUNT', 1)[1]
  local how, why, before = '', nil, nil
  for i = 1, closing and #closing[2] or 0, 2 do
    if closing[2][i] == '@complete' then
      how = closing[2][i + 1]
    elseif closing[2][i] == '@reason' then
      why = closing[2][i + 1]
    elseif closing[2][i] == '@last' then
      before = closing[2][i + 1]
    end
  end
  local equal = how == ARGV[6] and why == (ARGV[4] == '4' and ARGV[8] or nil)
  local answer = {'same'}
  local events = equal and before and #starts > 0 and redis.call('XREVRANGE', key, before, '-', 'COUNT', #starts) or {}
  equal = equal and #events == #starts and (#starts == 0 or events[1][1] == before)
  for i, start in ipairs(equal and starts or {}) do
    local event = events[#events - i + 1]
    local texts = tonumber(ARGV[start])
    equal = equal and #event[2] == texts and same(event[2], start + 1, start + texts)
    answer[#answer + 1] = event[1]
  end
  if equal then
    return answer
  end
  return why and {'other', how, why} or {'other', how}
end

-- What comes after the first XADD must not be refused any more. Its own refusals come before anything is written.
local left = string.match(last, '^18446744073709551615%-18446744(' .. string.rep('%d', 12) .. ')$')
if left and 73709551614 - tonumber(left) < #starts then
  return redis.error_reply('ERR The stream has too few possible IDs left for the last events')
end
if asksAcl then
  if ttl ~= '0' and not redis.acl_check_cmd('PEXPIRE', key, ttl) then
    return redis.error_reply("NOPERM this user has no permissions to run the 'pexpire' command")
  end
  if trims and not redis.acl_check_cmd('XTRIM', key, 'MINID', '~', oldest) then
    return redis.error_reply("NOPERM this user has no permissions to run the 'xtrim' command")
  end
elseif ttl ~= '0' or trims then -- here only trying tells, as in add.lua
  local refused = redis.pcall('XADD', key, '0-0', 'n', '')
  if not string.find(refused.err, '0-0', 1, true) then
    return refused
  end
  if trims then
    redis.call('XTRIM', key, 'MINID', '~', '0-0') -- removes nothing
  end
  if ttl ~= '0' then
    redis.call('PEXPIRE', key, ttl)
  end
end

local answer = {'done'}
local written = false
local function complete()
  for _, start in ipairs(starts) do
    local to = start + ARGV[start]
    if limit ~= '0' then
      last = redis.call('XADD', key, 'MAXLEN', '~', limit, '*', unpack(ARGV, start + 1, to))
    elseif oldest then
      last = redis.call('XADD', key, 'MINID', '~', oldest, '*', unpack(ARGV, start + 1, to))
    else
      last = redis.call('XADD', key, '*', unpack(ARGV, start + 1, to))
    end
    written = true
    answer[#answer + 1] = last
  end
  if trims then
    redis.call('XTRIM', key, 'MINID', '~', oldest)
  end
  local closing = {unpack(ARGV, 5, first - 1)}
  closing[#closing + 1] = '@last'
  closing[#closing + 1] = last
  redis.call('XADD', key, greatest, unpack(closing))
  written = true
  if ttl ~= '0' then
    redis.call('PEXPIRE', key, ttl)
  end
end
local done, failure = pcall(complete)
if not done then
  local why = type(failure) == 'table' and failure.err or failure
  local code = written and 'HALFDONE ' or string.find(why, '^%u+ ') and '' or 'ERR ' -- Lua's own have none
  return redis.error_reply(code .. why)
end
return answer
