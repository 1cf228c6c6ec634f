-- What the stream KEYS[1] knows of itself: its length, the id given last, the first id that it holds (or nothing), how many
-- events were ever added and the largest id ever deleted (nothing before Redis 7). An empty answer where there is no such
-- key. A script because XINFO fails on a missing key, and to leave the two events that it would bring along on the server.
-- With arguments also the first events at that same moment: from the id ARGV[1] to ARGV[2], ARGV[3] at most. For each its id,
-- how many texts follow, and its fields and values by turns. With ARGV[4] also how many events come after ARGV[2].
if redis.call('EXISTS', KEYS[1]) == 0 then
  return {}
end
local info, state = redis.call('XINFO', 'STREAM', KEYS[1]), {}
for i = 1, #info, 2 do
  state[info[i]] = info[i + 1]
end
local first, added = state['first-entry'], state['entries-added']
local answer = {
  string.format('%.0f', state['length']),
  state['last-generated-id'],
  first and first[1] or '',
  added and string.format('%.0f', added) or '',
  state['max-deleted-entry-id'] or '',
  ARGV[4] and tostring(#redis.call('XRANGE', KEYS[1], '(' .. ARGV[2], '+')) or ''
}
if ARGV[1] then
  for _, event in ipairs(redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[2], 'COUNT', ARGV[3])) do
    answer[#answer + 1] = event[1]
    answer[#answer + 1] = tostring(#event[2])
    for _, text in ipairs(event[2]) do
      answer[#answer + 1] = text
    end
  end
end
return answer
