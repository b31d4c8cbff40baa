#!lua flags=allow-oom
-- SPDX-License-Identifier: GPL-3.0-or-later
-- treasury_recall - the words that a message put aside. ARGV: message, 1 accepted or 0 refused, when they are forgotten.
local name = base .. 'm:' .. ARGV[2]
local packed = redis.call('GET', name)
if ARGV[3] == '0' then
	redis.call('DEL', name)
	return {}
end
return packed and cmsgpack.unpack(packed) or {}
