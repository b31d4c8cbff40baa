#!lua flags=no-writes
-- list - one page of what waits, is leased or is dead. ARGV: live, lease or dead; score and id of the last one told (empty:
-- from the beginning); most. Each is {id, score, attempts, accepted, expire, order key, meta, policy, cause, octets of the
-- body, spool file, moment: of the next try (0: behind others of its key), of the end of the lease, of giving it up}.
local of, last, most = base .. ARGV[2], ARGV[4], tonumber(ARGV[5])
local from = 0
if last ~= '' then
	local rank = redis.call('ZRANK', of, last)
	from = rank and rank + 1 or redis.call('ZCOUNT', of, '-inf', '(' .. ARGV[3])
end
local page = {}
local found = redis.call('ZRANGE', of, from, from + most - 1, 'WITHSCORES')
for i = 1, #found, 2 do
	local id, score = found[i], tonumber(found[i + 1])
	local r = get(id)
	if r then
		local moment = of == LIVE and tonumber(redis.call('ZSCORE', DUE, id) or 0) or score
		page[#page + 1] = {id, score, r[ATTEMPTS], r[ACCEPTED], r[EXPIRE], r[KEY], r[META], r[POLICY], r[CAUSE], r[SIZE],
			r[SPOOL], moment}
	end
end
return page
