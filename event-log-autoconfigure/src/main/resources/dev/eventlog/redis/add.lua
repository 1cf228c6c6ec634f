-- Adds events to one stream and renews its expiry: all of it, or it is refused before anything is written.
-- KEYS[1]  the stream
-- KEYS[2]  the record of this add, if it is to happen once: its ids, and how many events were ever added up to then
-- ARGV[1]  max-length, 0 for none
-- ARGV[2]  milliseconds until the stream expires, 0 for never
-- ARGV[3]  the id that must have been given last, 0-0 if the stream must not exist, empty if it does not matter
-- ARGV[4]  milliseconds until the record expires
-- ARGV[5]  how many events
-- ARGV[6]  how many milliseconds old an event may be, 0 for no limit
-- ARGV[7…] for each event how many texts follow, then its fields and values by turns
-- Answers the ids: those in the record, if there is one. If another id was given last than the one that must have been,
-- nothing is added; the answer then is an empty text and that other id. An error that says HALFDONE came after a write.
local key, record, limit, ttl, expected, count = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[5])
local asksAcl = redis.acl_check_cmd ~= nil -- from Redis 7 on
local added, known = 0, false
local oldest -- the smallest id that an event may have which is not too old, where there is a limit
if ARGV[6] ~= '0' then
  local time = redis.call('TIME')
  oldest = string.format('%.0f', math.max(0, time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[6])) .. '-0'
end
local trims = oldest and limit ~= '0' -- as one XADD cannot trim by both
if record or expected ~= '' or count > 1 or ttl ~= '0' and not asksAcl then
  local state = {} -- what the stream knows of itself
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

    -- Ids are unsigned 64-bit numbers, which Lua's own cannot hold.
    local function before(one, other)
      local a, b = string.match(one, '(%d+)-(%d+)')
      local c, d = string.match(other, '(%d+)-(%d+)')
      if a == c then
        a, c = b, d
      end
      return #a < #c or #a == #c and a < c
    end

    -- The record counts only for the stream to which its ids were given: not if that is gone, or has begun again.
    if not before(last, id) then
      local first, length = state['first-entry'], state['length']
      if first and before(first[1], id) or #redis.call('XRANGE', key, id, id, 'COUNT', 1) == 1 then
        return ids
      end
      -- All that is there came later. Either enough was removed for this stream to have had those events, or it never had
      -- them; before Redis 7, which does not count, only trimming to max-length and by age is thought to remove any.
      if state['entries-added'] and added - length >= addedThen
          or not state['entries-added']
            and (limit ~= '0' and length >= tonumber(limit) or oldest and before(id, oldest)) then
        return ids
      end
    end
  end
  if last == '18446744073709551615-18446744073709551615' then -- the log is complete, whatever was expected
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

-- What comes after the first XADD must not be refused any more. Its own refusals come before anything is written.
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
  -- Here only trying tells, and once a command may have written Redis looks no more at its memory. So XADD is tried first,
  -- with an id that is refused in any case, but last of all.
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
  local code = #ids > 0 and 'HALFDONE ' or string.find(why, '^%u+ ') and '' or 'ERR ' -- Lua's own have none
  return redis.error_reply(code .. why)
end
return ids
