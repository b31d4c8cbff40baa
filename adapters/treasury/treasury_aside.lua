#!lua flags=allow-oom
-- SPDX-License-Identifier: GPL-3.0-or-later
-- treasury_aside - what a message asks for is put aside until its fate is known. ARGV: message, ms to keep it, words. Answers the
-- words that were put aside, those of the first time when the message comes again. Little, and for a time: a user is stopped even
-- while the memory is full.
local name = base .. 'm:' .. ARGV[2]
local packed = redis.call('GET', name)
if packed then
	return cmsgpack.unpack(packed)
end
local words = {}
for i = 4, #ARGV do
	words[#words + 1] = ARGV[i]
end
redis.call('SET', name, cmsgpack.pack(words), 'PX', ARGV[3])
return words
