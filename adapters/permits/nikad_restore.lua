#!lua flags=allow-oom
-- SPDX-License-Identifier: GPL-3.0-or-later
-- nikad_restore - lines of a journal about numbers, in a Redis that may have lost them. ARGV: of each line eight words: given,
-- used, free or held; type, serial, message, exchange; with given also kind, sender, moment. The lines may come in any order
-- and from several journals, but for one exchange free comes before held: its newer lines come first. Answers {}.
local function restore(what, kind_of, serial, message, exchange, kind, sender, moment)
	local name, freed = base .. 'n:' .. kind_of .. ':' .. serial, base .. 'f:' .. exchange
	local packed = redis.call('GET', name)
	local n = packed and cmsgpack.unpack(packed) or {'', '', '', '', '', 0}
	if what == 'given' and n[1] == '' then
		n[1], n[2], n[3] = sender, kind, moment
		redis.call('HINCRBY', base .. 'given', kind_of, 1)
	elseif what == 'used' and n[6] == 0 then
		n[4], n[5], n[6] = message, exchange, 1
		redis.call('HINCRBY', base .. 'used', kind_of, 1)
	elseif what == 'free' then
		redis.call('SET', freed, '', 'PX', 3600000)
		return
	elseif what == 'held' and n[4] == '' and redis.call('EXISTS', freed) == 0 then
		n[4], n[5] = message, exchange
		redis.call('SET', base .. 'h:' .. message, name)
	end
	redis.call('SET', name, cmsgpack.pack(n))
end
for i = 2, #ARGV, 8 do
	restore(unpack(ARGV, i, i + 7))
end
return {}
