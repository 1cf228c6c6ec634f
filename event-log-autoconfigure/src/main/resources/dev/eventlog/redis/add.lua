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
local added = 0
if record or expected ~= '' then
  local state = {} -- what the stream knows of itself
  if redis.call('EXISTS', key) == 1 then
    local info = redis.call('XINFO', 'STREAM', key)
    for i = 1, #info, 2 do
      state[info[i]] = info[i + 1]
    end
  end
  local last = state['last-generated-id'] or '0-0'
  added = state['entries-added'] or 0

  local known = record and redis.call('GET', record)
  if known then
    local ids = {}
    for text in string.gmatch(known, '%S+') do
      ids[#ids + 1] = text
    end
    local addedThen, id = tonumber(table.remove(ids)), ids[#ids]

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
      -- them; before Redis 7, which does not count, only trimming to max-length is thought to remove any.
      if state['entries-added'] and added - length >= addedThen
          or not state['entries-added'] and limit ~= '0' and length >= tonumber(limit) then
        return ids
      end
    end
  end
  if expected ~= '' and expected ~= last then
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
  redis.call('SET', record, table.concat(ids, ' ') .. ' ' .. added + #ids, 'PX', ARGV[4])
end
return ids
