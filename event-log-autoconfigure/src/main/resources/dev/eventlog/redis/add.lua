-- Adds events to one stream and renews its expiry. It does all of this, or fails before the first write.
-- KEYS[1]  the stream
-- KEYS[2]  the record of an idempotent add: its ids, and the number of events ever added to the stream by then
-- ARGV[1]  the max-length, 0 for no limit
-- ARGV[2]  the milliseconds until the stream expires, 0 for never
-- ARGV[3]  the expected last id, 0-0 if the stream must not exist, empty for any
-- ARGV[4]  the milliseconds until the record expires
-- ARGV[5]  the number of events
-- ARGV[6]  the maximum age of an event in milliseconds, 0 for no limit
-- ARGV[7…] for each event: the number of texts that follow, then its field names and values in turn
-- Returns the ids, from the record if it exists. If the last id is not the expected one, nothing is added, and the result
-- is an empty text and the actual last id. The error HALFDONE means that the script failed after a write.
local key, record, limit, ttl, expected, count = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[5])
local asksAcl = redis.acl_check_cmd ~= nil -- Redis 7 and later have it
local added, known = 0, false
local oldest -- the smallest possible id of an event that is not too old; nil without an age limit
if ARGV[6] ~= '0' then
  local time = redis.call('TIME')
  oldest = string.format('%.0f', math.max(0, time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[6])) .. '-0'
end
local trims = oldest and limit ~= '0' -- one XADD cannot trim by length and by age
if record or expected ~= '' or count > 1 or ttl ~= '0' and not asksAcl then
  local state = {} -- the reply of XINFO STREAM by name
  if redis.call('EXISTS', key) == 1 then
    local info = redis.call('XINFO', 'STREAM', key)
    for i = 1, #info, 2 do
      state[info[i]] = info[i + 1]
    end
  end
  local last = state['last-generated-id'] or '0-0'
  added = state['entries-added'] or 0

  known = record and redis.pcall('GET', record)
  if type(known) == 'table' and string.find(known.err or '', 'WRONGTYPE', 1, true) then
    return redis.error_reply("ERR the key '" .. record .. "', which stores the record of this idempotent add, holds another Redis type")
  elseif type(known) == 'table' then
    return known
  end
  if known then
    local ids = {}
    for text in string.gmatch(known, '%S+') do
      ids[#ids + 1] = text
    end
    local addedThen, id = tonumber(table.remove(ids)), ids[#ids]
    if not addedThen or not id or not string.find(id, '^%d+%-%d+$') then
      return redis.error_reply("ERR the key '" .. record .. "' should store the record of this idempotent add, and holds something else")
    end

    -- Compares ids as text: their parts are unsigned 64-bit numbers, which a Lua number cannot hold exactly.
    local function before(one, other)
      local a, b = string.match(one, '(%d+)-(%d+)')
      local c, d = string.match(other, '(%d+)-(%d+)')
      if a == c then
        a, c = b, d
      end
      return #a < #c or #a == #c and a < c
    end

    -- The record is valid only for the stream that assigned its ids, not if that stream is gone or has begun again.
    if not before(last, id) then
      local first, length = state['first-entry'], state['length']
      if first and before(first[1], id) or #redis.call('XRANGE', key, id, id, 'COUNT', 1) == 1 then
        return ids
      end
      -- All events in the stream are newer than the record. If the stream has lost enough events, it had those of the
      -- record. Otherwise it never had them. Redis 6.2 does not count added events: there, the script assumes that only
      -- trimming by max-length and by age has removed events.
      if state['entries-added'] and added - length >= addedThen
          or not state['entries-added']
            and (limit ~= '0' and length >= tonumber(limit) or oldest and before(id, oldest)) then
        return ids
      end
    end
  end
  if last == '18446744073709551615-18446744073709551615' then -- the log is complete; checked before the expected last id
    return redis.error_reply('ERR The stream has exhausted the last possible ID, unable to add more items')
  end
  if expected ~= '' and expected ~= last then
    return {'', last}
  end
  local left = string.match(last, '^18446744073709551615%-18446744(' .. string.rep('%d', 12) .. ')$')
  if left and 73709551615 - tonumber(left) < count then
    return redis.error_reply('ERR The stream has too few possible IDs left for these events')
  end
end

-- No command may be refused after the first XADD. The first XADD itself can be refused: nothing is written by then.
if asksAcl then
  if ttl ~= '0' and not redis.acl_check_cmd('PEXPIRE', key, ttl) then
    return redis.error_reply("NOPERM this user has no permissions to run the 'pexpire' command")
  end
  if trims and not redis.acl_check_cmd('XTRIM', key, 'MINID', '~', oldest) then
    return redis.error_reply("NOPERM this user has no permissions to run the 'xtrim' command")
  end
  if record and not redis.acl_check_cmd('SET', record, '', 'PX', ARGV[4]) then
    return redis.error_reply("NOPERM this user has no permissions to run the 'set' command on the record of the add")
  end
elseif ttl ~= '0' or record or trims then
  -- Redis 6.2 cannot check permissions in a script, so each command is called once in a form that changes nothing. XADD
  -- comes first, because Redis stops checking its memory limit in a script after the first write command. Its id 0-0 is
  -- always refused, but only after all other checks.
  local refused = redis.pcall('XADD', key, '0-0', 'n', '')
  if not string.find(refused.err, '0-0', 1, true) then
    return refused
  end
  if record then
    redis.call('SET', record, '', known and 'NX' or 'XX') -- sets nothing
  end
  if trims then
    redis.call('XTRIM', key, 'MINID', '~', '0-0') -- removes nothing
  end
  if ttl ~= '0' then
    redis.call('PEXPIRE', key, ttl)
  end
end

local ids = {}
local function add()
  local at = 7
  while at <= #ARGV do
    local last = at + ARGV[at]
    if limit ~= '0' then
      ids[#ids + 1] = redis.call('XADD', key, 'MAXLEN', '~', limit, '*', unpack(ARGV, at + 1, last))
    elseif oldest then
      ids[#ids + 1] = redis.call('XADD', key, 'MINID', '~', oldest, '*', unpack(ARGV, at + 1, last))
    else
      ids[#ids + 1] = redis.call('XADD', key, '*', unpack(ARGV, at + 1, last))
    end
    at = last + 1
  end
  if trims then
    redis.call('XTRIM', key, 'MINID', '~', oldest)
  end
  if ttl ~= '0' then
    redis.call('PEXPIRE', key, ttl)
  end
  if record then
    redis.call('SET', record, table.concat(ids, ' ') .. ' ' .. added + #ids, 'PX', ARGV[4])
  end
end
local done, failure = pcall(add)
if not done then
  local why = type(failure) == 'table' and failure.err or failure
  local code = #ids > 0 and 'HALFDONE ' or string.find(why, '^%u+ ') and '' or 'ERR ' -- errors of Lua itself have no code
  return redis.error_reply(code .. why)
end
return ids
