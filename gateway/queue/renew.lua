#!lua flags=allow-oom
-- renew - longer leases. ARGV: ms of the lease, then id and token of each. Answers 1 for each that is still held, else 0.
local held = {}
for i = 3, #ARGV, 2 do
	local r = get(ARGV[i])
	local mine = r and r[TOKEN] == ARGV[i + 1] and redis.call('ZSCORE', LEASE, ARGV[i])
	if mine then
		redis.call('ZADD', LEASE, now + ARGV[2], ARGV[i])
	end
	held[#held + 1] = mine and 1 or 0
end
return held
