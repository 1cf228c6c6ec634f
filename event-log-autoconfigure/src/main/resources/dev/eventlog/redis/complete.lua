-- Ends a log by an entry of the greatest id, after which Redis gives out none: all of it, or it is refused before anything is
-- written. That entry pushes no event out, as it is added without a limit.
-- KEYS[1]  the stream
-- ARGV[1]  max-length, 0 for none: of the last event
-- ARGV[2]  milliseconds until the stream expires, 0 to change nothing
-- ARGV[3]  how many milliseconds old an event may be, 0 for no limit: when the last event is added
-- ARGV[4…] how many texts follow, then the fields and values of that entry by turns; the same of a last event, if there is one
-- Answers 'done' or, if the log had ended in the same way and by the same event before, 'same'; and the id of the last event, if
-- there is one. If it had ended in another way: 'other' and how, and why if that was said. An error that says HALFDONE came
-- after a write.
local key, limit, ttl = KEYS[1], ARGV[1], ARGV[2]
local greatest = '18446744073709551615-18446744073709551615'
local first = 5 + ARGV[4] -- of the arguments, that of the last event
local oldest -- the smallest id that an event may have which is not too old, where there is a limit
if ARGV[3] ~= '0' and first <= #ARGV then
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
  if equal and first > #ARGV then
    return {'same'}
  end
  local event = equal and before and redis.call('XRANGE', key, before, before, 'COUNT', 1)[1]
  if event and #event[2] == tonumber(ARGV[first]) and same(event[2], first + 1, #ARGV) then
    return {'same', before}
  end
  return why and {'other', how, why} or {'other', how}
end

-- What comes after the first XADD must not be refused any more. Its own refusals come before anything is written.
if last == '18446744073709551615-18446744073709551614' and first <= #ARGV then
  return redis.error_reply('ERR The stream has too few possible IDs left for a last event')
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

local event
local written = false
local function complete()
  if first <= #ARGV then
    if limit ~= '0' then
      event = redis.call('XADD', key, 'MAXLEN', '~', limit, '*', unpack(ARGV, first + 1))
    elseif oldest then
      event = redis.call('XADD', key, 'MINID', '~', oldest, '*', unpack(ARGV, first + 1))
    else
      event = redis.call('XADD', key, '*', unpack(ARGV, first + 1))
    end
    written, last = true, event
    if trims then
      redis.call('XTRIM', key, 'MINID', '~', oldest)
    end
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
return {'done', event}
