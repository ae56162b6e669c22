"""The ledger's changes, each one atomic script. Keys come from `attrai_shared.keys`; no script makes a key itself."""

ADMIT = """
local message, live, user, record, bytes = unpack(KEYS)
local now, of_user, of_all, of_bytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local request_id, deadline, reserved, mark_ms = ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[8]
local earlier = redis.call('GET', message)
if earlier then return {'earlier', earlier} end
if redis.call('ZCOUNT', user, '(' .. now, '+inf') >= of_user then return {'quota_exceeded'} end
local stored = tonumber(redis.call('GET', bytes) or '0')
if redis.call('ZCOUNT', live, '(' .. now, '+inf') >= of_all or stored + reserved > of_bytes then return {'busy'} end
redis.call('ZADD', live, deadline, request_id)
redis.call('ZADD', user, deadline, request_id)
redis.call('HSET', record, unpack(ARGV, 9))
redis.call('INCRBY', bytes, reserved)
redis.call('SET', message, request_id, 'PX', mark_ms)
local ahead = redis.call('ZCOUNT', live, '(' .. now, '(' .. deadline)
return {'admitted', redis.call('ZCOUNT', user, '(' .. now, '+inf'), ahead}
"""
"""Takes a request in, unless its message was taken before, the user has too many live ones, or there is no room."""

NOTE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
"""
"""Sets one field of a record that exists."""

CLAIM = """
local answered, replying, record = unpack(KEYS)
local owner, lease_ms, recorded_only = ARGV[1], ARGV[2], ARGV[3]
if redis.call('EXISTS', answered) == 1 then return 'answered' end
if recorded_only == '1' and redis.call('EXISTS', record) == 0 then return 'answered' end
local holder = redis.call('GET', replying)
if holder and holder ~= owner then return 'held' end
redis.call('SET', replying, owner, 'PX', lease_ms)
return 'won'
"""
"""Leases the right to answer to `owner`, or renews it."""

RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
"""Gives a lease back that is still one's own."""

SETTLE = """
local live, bytes, user, record, attempts, replying, answered = unpack(KEYS)
local request_id, mark_ms = ARGV[1], ARGV[2]
local reserved = redis.call('HGET', record, 'bytes')
if reserved then redis.call('DECRBY', bytes, reserved) end
redis.call('ZREM', live, request_id)
redis.call('ZREM', user, request_id)
redis.call('DEL', record, attempts, replying)
redis.call('SET', answered, '1', 'PX', mark_ms)
"""
"""Ends a request: what it took is given back, the mark that it is answered stays. Run again, it changes no more."""

TIMING = """
local mean = redis.call('HGET', KEYS[1], 'mean')
local seconds, share = tonumber(ARGV[1]), tonumber(ARGV[2])
if mean then seconds = mean + share * (seconds - mean) end
redis.call('HSET', KEYS[1], 'mean', tostring(seconds))
"""
"""Moves the running mean of an estimate's seconds towards a new measurement."""
