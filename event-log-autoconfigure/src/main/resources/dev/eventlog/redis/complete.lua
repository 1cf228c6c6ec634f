-- Completes a log: adds the last events, and a closing entry with the greatest id, after which Redis assigns no more ids. It
-- does all of this, or fails before the first write. The closing entry is added without a limit, so it trims no event.
-- KEYS[1]  the stream
-- ARGV[1]  the max-length for the adds of the last events, 0 for no limit
-- ARGV[2]  the milliseconds until the stream expires, 0 to leave the expiry unchanged
-- ARGV[3]  the maximum age of an event in milliseconds, 0 for no limit; ignored without last events
-- ARGV[4…] for the closing entry and then for each last event: the number of texts that follow, then its fields and values
-- Returns 'done' and the ids of the last events, or 'same' and these ids if the log was already completed in the same way with
-- the same last events. If it was completed in another way: 'other', the kind, and the reason if there is one. The error
-- HALFDONE means that the script failed after a write.
local key, limit, ttl = KEYS[1], ARGV[1], ARGV[2]
local greatest = '18446744073709551615-18446744073709551615'
local first = 5 + ARGV[4] -- the index of the first argument for the last events
local starts = {} -- the index of the first argument for each last event
local at = first
while at <= #ARGV do
  starts[#starts + 1] = at
  at = at + 1 + ARGV[at]
end
local oldest -- the smallest possible id of an event that is not too old; nil without an age limit
if ARGV[3] ~= '0' and #starts > 0 then
  local time = redis.call('TIME')
  oldest = string.format('%.0f', math.max(0, time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[3])) .. '-0'
end
local trims = oldest and limit ~= '0' -- one XADD cannot trim by length and by age
local asksAcl = redis.acl_check_cmd ~= nil -- Redis 7 and later have it

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

-- No command may be refused after the first XADD. The first XADD itself can be refused: nothing is written by then.
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
elseif ttl ~= '0' or trims then -- Redis 6.2: see add.lua
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
  local code = written and 'HALFDONE ' or string.find(why, '^%u+ ') and '' or 'ERR ' -- errors of Lua itself have no code
  return redis.error_reply(code .. why)
end
return answer
