#!lua flags=allow-oom
-- remember - what became of a message that is this exchange's (memory.h). Done again it changes nothing.
-- KEYS[1] as of recall. ARGV: content, exchange, gateway, state, HTTP status, ms for which it is remembered when nothing is
-- known of it any more, answer (may be empty), ms for which the answer is kept. Answers 1; 0: it is another exchange's.
local packed = redis.call('GET', base)
local left = packed and redis.call('PTTL', base) or tonumber(ARGV[7])
if packed and cmsgpack.unpack(packed)[3] ~= ARGV[3] then
	return 0
end
redis.call('SET', base, cmsgpack.pack({ARGV[5], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[6])}), 'PX', math.max(left, 1))
if #ARGV[8] > 0 then
	redis.call('SET', base .. ':answer', ARGV[8], 'PX', ARGV[9])
end
return 1
