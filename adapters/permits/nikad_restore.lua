#!lua flags=allow-oom
-- SPDX-License-Identifier: GPL-3.0-or-later
-- nikad_restore - one line of a journal about a number, in a Redis that may have lost it. ARGV: given, used, free or held;
-- type, serial, message, exchange; with given also kind, sender, moment. The lines may come in any order and from several
-- journals, but for one exchange free comes before held: its newer lines come first. Answers {}.
local what, kind_of, serial, message, exchange = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local name, freed = base .. 'n:' .. kind_of .. ':' .. serial, base .. 'f:' .. exchange
local packed = redis.call('GET', name)
local n = packed and cmsgpack.unpack(packed) or {'', '', '', '', '', 0}
if what == 'given' and n[1] == '' then
	n[1], n[2], n[3] = ARGV[8], ARGV[7], ARGV[9]
	redis.call('HINCRBY', base .. 'given', kind_of, 1)
elseif what == 'used' and n[6] == 0 then
	n[4], n[5], n[6] = message, exchange, 1
	redis.call('HINCRBY', base .. 'used', kind_of, 1)
elseif what == 'free' then
	redis.call('SET', freed, '', 'PX', 3600000)
	return {}
elseif what == 'held' and n[4] == '' and redis.call('EXISTS', freed) == 0 then
	n[4], n[5] = message, exchange
	redis.call('SET', base .. 'h:' .. message, name)
end
redis.call('SET', name, cmsgpack.pack(n))
return {}
