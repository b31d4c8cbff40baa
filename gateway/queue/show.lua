#!lua flags=no-writes
-- show - one message with its body. ARGV[2] id. Answers {} when there is none, else {0 waiting, 1 leased, 2 dead; the shown
-- one; body}.
local id = ARGV[2]
local r = get(id)
for where, of in ipairs(r and {LIVE, LEASE, DEAD} or {}) do
	local score = redis.call('ZSCORE', of, id)
	if score then
		return {where - 1, shown(of, id, tonumber(score), r), redis.call('GET', base .. 'b:' .. id) or ''}
	end
end
return {}
