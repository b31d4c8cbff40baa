#!lua
-- put - one message in, unless its id is known. Out of memory Redis refuses the whole script: nothing is stored.
-- KEYS[2] set of destinations; ARGV: id, attempts, accepted, life, order key, meta, policy, due, spool file, size, body,
-- destination, most that may wait before it (0: no bound). Answers 1: stored, 0: known, -1: so many wait already,
-- -2: the destination is closed.
local id, life = ARGV[2], tonumber(ARGV[5])
if redis.call('EXISTS', base .. 'm:' .. id, base .. 'dup:' .. id) > 0 then
	return 0
end
if redis.call('HEXISTS', STATE, 'closed') == 1 then
	return -2
end
local most = tonumber(ARGV[14])
if most > 0 and redis.call('ZCARD', LIVE) >= most then
	return -1
end
local accepted, due = tonumber(ARGV[4]), tonumber(ARGV[9])
local r = {tonumber(ARGV[3]), accepted, life > 0 and accepted + life or 0, ARGV[6], ARGV[7], ARGV[8], '', '', ARGV[10],
	tonumber(ARGV[11]), due}
set(id, r)
if #ARGV[12] > 0 then
	redis.call('SET', base .. 'b:' .. id, ARGV[12])
end
if r[KEY] ~= '' then
	redis.call('RPUSH', base .. 'f:' .. r[KEY], id)
end
wait(id, r, math.max(now, due))
redis.call('SADD', KEYS[2], ARGV[13])
return 1
