#!lua flags=no-writes
-- list - one page of what waits, is leased or is dead. ARGV: live, lease or dead; score and id of the last one told (empty:
-- from the beginning); most. Answers the shown ones.
local of, last, most = base .. ARGV[2], ARGV[4], tonumber(ARGV[5])
local from = 0
if last ~= '' then
	local rank = redis.call('ZRANK', of, last)
	from = rank and rank + 1 or redis.call('ZCOUNT', of, '-inf', '(' .. ARGV[3])
end
local page = {}
local found = redis.call('ZRANGE', of, from, from + most - 1, 'WITHSCORES')
for i = 1, #found, 2 do
	local r = get(found[i])
	if r then
		page[#page + 1] = shown(of, found[i], tonumber(found[i + 1]), r)
	end
end
return page
