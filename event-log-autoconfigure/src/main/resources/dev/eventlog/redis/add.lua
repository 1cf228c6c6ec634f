-- Adds events to one stream and renews its expiry.
-- KEYS[1]  the stream
-- KEYS[2]  the record of this add, if it is to happen once: its ids, and how many events were ever added up to then
-- ARGV[1]  max-length, 0 for none
-- ARGV[2]  milliseconds until the stream expires, 0 for never
-- ARGV[3]  the id that must have been given last, 0-0 if the stream must not exist, empty if it does not matter
-- ARGV[4]  milliseconds until the record expires
-- ARGV[5…] for each event how many texts follow, then its fields and values by turns
-- Answers the ids: those in the record, if there is one. If another id was given last than the one that must have been,
-- nothing is added; the answer then is an empty text and that other id.
local key, record, limit, ttl, expected = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]

-- what the stream knows of itself, or nothing if there is none
local function look()
  if redis.call('EXISTS', key) == 1 then
    local info, state = redis.call('XINFO', 'STREAM', key), {}
    for i = 1, #info, 2 do
      state[info[i]] = info[i + 1]
    end
    return state
  end
end

-- whether one id comes before another: unsigned 64-bit numbers, which Lua's own cannot hold
local function before(id, other)
  local time, sequence = string.match(id, '(%d+)-(%d+)')
  local time2, sequence2 = string.match(other, '(%d+)-(%d+)')
  if time == time2 then
    time, time2 = sequence, sequence2
  end
  return #time < #time2 or #time == #time2 and time < time2
end

-- whether this is still the stream to which the last of these ids was given, when so many events had been added to it
local function holds(ids, added)
  local state, id = look(), ids[#ids]
  if not state or before(state['last-generated-id'], id) then
    return false
  end
  local first = state['first-entry']
  if first and before(first[1], id) or #redis.call('XRANGE', key, id, id) == 1 then
    return true
  end
  -- All that is there has been added since: the rest was removed, or never was in this stream.
  if state['entries-added'] then
    return state['entries-added'] - state['length'] >= added
  end
  return limit ~= '0' and state['length'] >= tonumber(limit)
end

if record then
  local known = redis.call('GET', record)
  if known then
    local ids = {}
    for text in string.gmatch(known, '%S+') do
      ids[#ids + 1] = text
    end
    if holds(ids, tonumber(table.remove(ids))) then
      return ids
    end
  end
end
if expected ~= '' then
  local state = look()
  local last = state and state['last-generated-id'] or '0-0'
  if last ~= expected then
    return {'', last}
  end
end
local ids, at = {}, 5
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
if record then
  redis.call('SET', record, table.concat(ids, ' ') .. ' ' .. (look()['entries-added'] or #ids), 'PX', ARGV[4])
end
return ids
