-- Reads the state of the stream KEYS[1] and its events after an id, all at one moment.
-- ARGV[1]  the id after which to read; '' to find the start of a tail
-- ARGV[2]  the last id to read, + for no limit
-- ARGV[3]  the maximum number of events to read; fewer are returned if they are large
-- ARGV[4]  1 to return the replication id of the server; no data was lost between two calls that return the same id
-- ARGV[5]  for a tail: the earliest id after which it starts
-- ARGV[6]  for a tail: the maximum number of its events, -1 for no limit
-- ARGV[7]  for a tail: the maximum number of events to read in order to find its start
-- ARGV[8]  the id of one more event to return
-- ARGV[9]  1 to return only a digest of the event at ARGV[1]
-- ARGV[10] for a tail: the maximum age of an event in milliseconds, 0 or nothing for no limit
-- Fails if ARGV[4] is 1 and the server is too old for event logs.
-- Returns a list of
--  1 the replication id, empty if it was not requested or if this is not a master
--  2 the state, empty if the key does not exist
--  3 the id after which the events were read
--  4 the event at that id
--  5 if there is none: the newest event before that id
--  6 the events after that id
--  7 the event at ARGV[8]
--  8 for a tail that starts further back: the number of events counted so far; otherwise -1
--  9 for a tail: the newest event of the stream, and up to two more, newest first, if they are small
-- 10 for a tail: the earliest id after which it starts, with regard to the age limit
-- The closing entry of a complete log is not an event, but can be among the newest events.
local key, after, server, state, counted = KEYS[1], ARGV[1], '', {}, -1

local greatest = '18446744073709551615-18446744073709551615' -- of the closing entry; no range can start after it

local function entry(id)
  return id ~= '0-0' and redis.call('XRANGE', key, id, id, 'COUNT', 1)[1] or false
end

local function size(event)
  local bytes = 0
  for _, text in ipairs(event[2]) do
    bytes = bytes + #text
  end
  return bytes
end

-- Returns the first events after an id or, backwards, the last events up to an id. It reads them in pieces of growing size
-- until there are enough events or 1 MB, to limit the memory that the server needs. Also returns true if no more events exist.
local function page(command, from, to, count)
  local events, bytes, piece, enough = {}, 0, 1, 1048576
  while #events < count and bytes < enough do
    local asked = math.min(piece, count - #events)
    local more = redis.call(command, key, from, to, 'COUNT', asked)
    for _, event in ipairs(more) do
      local more_bytes = bytes + size(event)
      if #events > 0 and more_bytes > enough then
        return events
      end
      events[#events + 1], bytes, from = event, more_bytes, '(' .. event[1]
    end
    if #more < asked or (command == 'XRANGE' and from == '(' .. greatest) then
      return events, true
    end
    piece = math.min(8 * piece, math.max(1, math.floor(#events * enough / (bytes + 1))))
  end
  return events
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

if ARGV[4] == '1' then
  local number, major, minor = redis.REDIS_VERSION_NUM, nil, nil -- Redis 7 and later have it
  if number then
    major, minor = math.floor(number / 65536), math.floor(number / 256) % 256
  else
    local about = redis.pcall('INFO', 'server') -- may be forbidden, like the next command
    major, minor = string.match(type(about) == 'string' and about or '', 'redis_version:(%d+)%.(%d+)')
  end
  if major and major + minor / 100 < 6.02 then
    return redis.error_reply('ERR this is Redis ' .. major .. '.' .. minor .. ', and event logs need Redis 6.2 or later')
  end
  local info = redis.pcall('INFO', 'replication')
  if type(info) == 'string' and string.find(info, 'role:master', 1, true) then
    server = string.match(info, 'master_replid:(%w+)') or ''
  end
end
if redis.call('EXISTS', key) == 0 then
  return {server, {}, after ~= '' and after or ARGV[5], false, false, {}, false, -1, {}, ARGV[5]}
end
local info, known = redis.call('XINFO', 'STREAM', key), {}
for i = 1, #info, 2 do
  known[info[i]] = info[i + 1]
  if info[i] ~= 'last-entry' or info[i + 1] and info[i + 1][1] == greatest then
    state[#state + 1] = info[i]
    state[#state + 1] = info[i] == 'first-entry' and info[i + 1] and {info[i + 1][1], {}} or info[i + 1]
  end
end
local first = known['first-entry']

-- Redis looks through the whole stream for an event before the first one.
local function has_before(id)
  return first and before(first[1], id)
end

local newest_id, length = '+', known['length'] -- without the closing entry
local last = known['last-entry']
if last and last[1] == greatest then
  for i = 1, #last[2], 2 do
    if last[2][i] == '@complete' then
      newest_id, length = '(' .. greatest, known['length'] - 1
      break
    end
  end
end
local earliest = ARGV[5]
if after == '' then
  local limit, most, age = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[10] or 0)
  if age > 0 and limit ~= 0 and earliest ~= greatest then
    local time = redis.call('TIME')
    local oldest = string.format('%.0f', math.max(1, time[1] * 1000 + math.floor(time[2] / 1000) - age))
    if has_before(oldest .. '-0') then
      local tooOld = redis.call('XREVRANGE', key, '(' .. oldest .. '-0', '(' .. earliest, 'COUNT', 1)[1]
      earliest = tooOld and tooOld[1] or earliest
    end
  end
  after = earliest
  if limit == 0 then
    after = known['last-generated-id']
  elseif limit > 0 and length > limit and after ~= greatest then
    local excess, oldest = length - limit, {}
    if excess <= limit and excess <= most then -- the start is nearer to the old end
      oldest = page('XRANGE', '-', '+', excess)
    end
    if #oldest == excess then
      after = before(after, oldest[excess][1]) and oldest[excess][1] or after
    else
      local newest, all = page('XREVRANGE', newest_id, '(' .. after, math.min(limit, most) + 1)
      if #newest > limit then
        after = newest[limit + 1][1]
      elseif not all then
        after, counted = newest[#newest][1], #newest - 1
      end
    end
  end
end
local at, older, events = entry(after), false, {}
if not at and has_before(after) then
  older = redis.call('XREVRANGE', key, '(' .. after, '-', 'COUNT', 1)[1] or false
end
if ARGV[3] ~= '0' and after ~= greatest then
  events = page('XRANGE', '(' .. after, ARGV[2], tonumber(ARGV[3]))
end
if at and ARGV[9] == '1' then
  at = {at[1], {'digest', redis.sha1hex(table.concat(at[2], '\0'))}}
end
local newest, bytes = {}, 0
for i, event in ipairs(ARGV[1] == '' and redis.call('XREVRANGE', key, newest_id, '-', 'COUNT', 3) or {}) do
  bytes = bytes + size(event)
  if i > 1 and bytes > 65536 then
    break
  end
  newest[i] = event
end
return {server, state, after, at, older, events, ARGV[8] and entry(ARGV[8]) or false, counted, newest, earliest}
