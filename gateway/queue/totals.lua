#!lua flags=no-writes
-- totals - one destination in numbers: {waiting, leased, dead, oldest acceptance among those that expire first, held,
-- concurrency now (0: nothing was claimed yet), breaker open until, {cause, number, ...}, closed}.
local oldest = 0
for _, id in ipairs(redis.call('ZRANGE', LIVE, 0, 63)) do
	local r = get(id)
	if r and (oldest == 0 or r[ACCEPTED] < oldest) then
		oldest = r[ACCEPTED]
	end
end
return {redis.call('ZCARD', LIVE), redis.call('ZCARD', LEASE), redis.call('ZCARD', DEAD), oldest,
	redis.call('HEXISTS', STATE, 'hold'), state('limit', 0), state('open', 0), redis.call('HGETALL', CAUSES),
	redis.call('HEXISTS', STATE, 'closed')}
