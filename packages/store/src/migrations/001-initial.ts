/**
 * Schema 1. SQLite keeps the comments: `.schema` in any sqlite3 explains the file.
 *
 * Tables hold each fact once under integer keys; the `v_*` views are the stable names that people and scripts use.
 * Views use core functions only, so that sqlite3 3.40 and newer run them.
 */
export const initial: string = /* sql */ `
CREATE TABLE environment (
  id INTEGER PRIMARY KEY,
  facts TEXT NOT NULL UNIQUE CHECK (json_valid(facts)) -- flat JSON object, keys sorted
) STRICT;

CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL UNIQUE,       -- 8 characters of time, 2 of chance, in Crockford's base 32; sorts by start
  scenario TEXT NOT NULL,
  started_at TEXT NOT NULL,          -- ISO 8601, UTC
  ended_at TEXT,
  state TEXT NOT NULL CHECK (state IN ('running', 'completed', 'failed', 'aborted')),
  owner TEXT,                        -- boot id, PID namespace, PID and start time of the writing process
  seed INTEGER NOT NULL,
  planned_trials INTEGER NOT NULL,
  churnlab_version TEXT NOT NULL,
  environment INTEGER REFERENCES environment (id),
  fingerprint TEXT,                  -- hash of the facts that must agree between comparable runs
  source TEXT NOT NULL,              -- the scenario file as it was read
  resolved TEXT NOT NULL CHECK (json_valid(resolved)) -- the scenario with every default filled in, and what flags wrote over the file
) STRICT;

CREATE TABLE tag (
  run INTEGER NOT NULL REFERENCES run (id),
  name TEXT NOT NULL,                -- commit, branch, or what the user chose
  value TEXT NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE trial (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id),
  trial_id INTEGER NOT NULL,         -- its number in the plan
  attempt INTEGER NOT NULL,          -- from 1; a trial that lost an agent or its controller is repeated, whole
  superseded INTEGER NOT NULL DEFAULT 0 CHECK (superseded IN (0, 1)), -- 1: a later attempt counts in its place
  variant TEXT NOT NULL,
  replicate INTEGER NOT NULL,
  block INTEGER NOT NULL,
  seed INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('completed', 'degraded', 'failed', 'invalid', 'aborted')),
  phase TEXT,                        -- failed, aborted: where it ended
  code TEXT,                         -- failed: the error code
  reason TEXT,                       -- degraded, invalid, failed: why, as a sentence
  engine TEXT,
  engine_reason TEXT,                -- why this engine and not a faster one
  closer TEXT CHECK (closer IN ('client', 'server', 'mixed')), -- whose kernel entered TIME_WAIT; NULL: none, or not seen
  started_at TEXT NOT NULL,          -- ISO 8601, UTC
  measure_ms REAL NOT NULL,
  environment INTEGER REFERENCES environment (id),
  UNIQUE (run, trial_id, attempt)
) STRICT;

-- The attempt that a run is in. A row that outlives its process becomes an aborted attempt when the run is resumed.
CREATE TABLE current_attempt (
  run INTEGER PRIMARY KEY REFERENCES run (id),
  trial_id INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  started_at TEXT NOT NULL           -- ISO 8601, UTC
) STRICT;

-- Every piece of the results that agents of a fleet sent, once, however often it was delivered and to which controller.
CREATE TABLE result_piece (
  run INTEGER NOT NULL REFERENCES run (id),
  trial_id INTEGER NOT NULL,
  attempt INTEGER NOT NULL,          -- as the fleet numbers them, over all controllers of the run
  agent TEXT NOT NULL,
  piece INTEGER NOT NULL,            -- from 0
  trial INTEGER REFERENCES trial (id), -- what it is part of; NULL: its attempt was over when it came
  late TEXT CHECK (json_valid(late)), -- such a piece, as it was sent
  PRIMARY KEY (run, trial_id, attempt, agent, piece),
  CHECK ((trial IS NULL) = (late IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE warning (
  trial INTEGER NOT NULL REFERENCES trial (id),
  position INTEGER NOT NULL,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (trial, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE metric (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,         -- without role
  unit TEXT NOT NULL,
  better TEXT NOT NULL CHECK (better IN ('higher', 'lower', 'neither')),
  meaning TEXT NOT NULL
) STRICT;

-- One number per trial, role and metric.
CREATE TABLE measurement (
  trial INTEGER NOT NULL REFERENCES trial (id),
  role TEXT NOT NULL,
  metric INTEGER NOT NULL REFERENCES metric (id),
  value REAL NOT NULL,
  PRIMARY KEY (trial, role, metric)
) STRICT, WITHOUT ROWID;

CREATE TABLE failure (
  trial INTEGER NOT NULL REFERENCES trial (id),
  step TEXT NOT NULL,
  errno TEXT NOT NULL,
  count INTEGER NOT NULL,
  first_ms REAL NOT NULL,            -- since the start of the measure phase
  last_ms REAL NOT NULL,
  PRIMARY KEY (trial, step, errno)
) STRICT, WITHOUT ROWID;

CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  trial INTEGER NOT NULL REFERENCES trial (id),
  role TEXT NOT NULL,
  metric INTEGER NOT NULL REFERENCES metric (id),
  UNIQUE (trial, role, metric)
) STRICT;

-- One value of a series at one time. A missed sample is an absent row: a hole, never a value.
CREATE TABLE sample (
  series INTEGER NOT NULL REFERENCES series (id),
  t_us INTEGER NOT NULL,             -- since the start of the measure phase; negative during warm-up
  value REAL NOT NULL,
  PRIMARY KEY (series, t_us)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  trial INTEGER NOT NULL REFERENCES trial (id),
  position INTEGER NOT NULL,
  role TEXT NOT NULL,
  t_ms REAL NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL CHECK (json_valid(detail)),
  PRIMARY KEY (trial, position)
) STRICT, WITHOUT ROWID;

-- Local ports in use from one address towards one address and port, at one time. A tuple without sockets has no row.
CREATE TABLE port_use (
  trial INTEGER NOT NULL REFERENCES trial (id),
  role TEXT NOT NULL,
  t_us INTEGER NOT NULL,             -- since the start of the measure phase
  source TEXT NOT NULL,
  destination TEXT NOT NULL,
  port INTEGER NOT NULL,
  used INTEGER NOT NULL,
  range INTEGER NOT NULL,            -- ports of the source's range that are not reserved
  states TEXT NOT NULL CHECK (json_valid(states)) -- sockets by TCP state
) STRICT;
CREATE INDEX port_use_trial ON port_use (trial);

-- What waits at one listening address and port, at one time.
CREATE TABLE listener_queue (
  trial INTEGER NOT NULL REFERENCES trial (id),
  role TEXT NOT NULL,
  t_us INTEGER NOT NULL,             -- since the start of the measure phase
  address TEXT NOT NULL,
  port INTEGER NOT NULL,
  depth INTEGER NOT NULL,            -- connections that wait for accept()
  backlog INTEGER NOT NULL,          -- min(backlog, somaxconn); the kernel lets one more wait
  syn_recv INTEGER NOT NULL          -- handshakes that wait for the last ACK
) STRICT;
CREATE INDEX listener_queue_trial ON listener_queue (trial);

CREATE TABLE sysctl (
  trial INTEGER NOT NULL REFERENCES trial (id),
  role TEXT NOT NULL,
  name TEXT NOT NULL,
  was TEXT NOT NULL,
  requested TEXT,                    -- NULL: recorded, not written
  effective TEXT NOT NULL,           -- read back after the write
  PRIMARY KEY (trial, role, name)
) STRICT, WITHOUT ROWID;

-- Buckets of HdrHistogram's layout, 3 significant digits, in ticks of 0.1 microseconds. The blob is n bucket numbers,
-- ascending, then their n counts; all are unsigned 32-bit little-endian. A bucket number b below 2048 is the value in
-- ticks; above, it ends at (1024 + b % 1024 + 1) * 2^(b / 1024 - 1) - 1 ticks.
CREATE TABLE histogram (
  trial INTEGER NOT NULL REFERENCES trial (id),
  role TEXT NOT NULL,
  metric TEXT NOT NULL,
  buckets BLOB NOT NULL,
  count INTEGER NOT NULL,
  min_us REAL, p50_us REAL, p90_us REAL, p99_us REAL, p999_us REAL, max_us REAL,
  PRIMARY KEY (trial, role, metric)
) STRICT, WITHOUT ROWID;

CREATE TABLE comparison (
  run INTEGER NOT NULL REFERENCES run (id),
  baseline TEXT NOT NULL,
  variant TEXT NOT NULL,
  role TEXT NOT NULL,
  metric INTEGER NOT NULL REFERENCES metric (id),
  n INTEGER NOT NULL,                -- pairs of replicates
  baseline_median REAL,
  variant_median REAL,
  effect REAL,                       -- relative change, 0.1 = +10 %; NULL where there is no ratio
  low REAL,                          -- the interval of the effect
  high REAL,
  p REAL,
  -- invalid: no valid trials to judge; not-comparable: the environments differ in what was not meant to, so nothing was judged
  verdict TEXT NOT NULL CHECK (verdict IN ('better', 'worse', 'no-difference', 'inconclusive', 'invalid', 'not-comparable')),
  PRIMARY KEY (run, baseline, variant, role, metric)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_run AS
SELECT run.run_id, run.scenario, run.started_at, run.state, run.seed, run.churnlab_version,
  json_extract(environment.facts, '$."kernel.release"') AS kernel,
  CAST(json_extract(environment.facts, '$."cpu.count"') AS INTEGER) AS cpus,
  CAST(json_extract(environment.facts, '$."hz"') AS INTEGER) AS hz,
  run.fingerprint
FROM run LEFT JOIN environment ON environment.id = run.environment;

-- Every attempt; the views below have the one that counts, superseded = 0.
CREATE VIEW v_trial AS
SELECT run.run_id, trial.trial_id, trial.variant, trial.replicate, trial.block, trial.state, trial.engine,
  trial.started_at, trial.measure_ms,
  (SELECT json_group_array(json_object('code', code, 'message', message))
   FROM (SELECT code, message FROM warning WHERE warning.trial = trial.id ORDER BY position)) AS warnings,
  trial.attempt, trial.superseded, trial.closer
FROM trial JOIN run ON run.id = trial.run;

CREATE VIEW v_result_piece AS
SELECT run.run_id, result_piece.trial_id, result_piece.attempt, result_piece.agent, result_piece.piece,
  trial.attempt AS stored_with, result_piece.late
FROM result_piece JOIN run ON run.id = result_piece.run LEFT JOIN trial ON trial.id = result_piece.trial;

CREATE VIEW v_measurement AS
SELECT run.run_id, trial.trial_id, trial.variant, trial.replicate, measurement.role, metric.name AS metric,
  measurement.value, metric.unit
FROM measurement
  JOIN metric ON metric.id = measurement.metric
  JOIN trial ON trial.id = measurement.trial AND trial.superseded = 0
  JOIN run ON run.id = trial.run;

CREATE VIEW v_failure AS
SELECT run.run_id, trial.trial_id, trial.variant, trial.replicate, failure.step AS phase, failure.errno,
  failure.count, failure.first_ms, failure.last_ms
FROM failure JOIN trial ON trial.id = failure.trial AND trial.superseded = 0 JOIN run ON run.id = trial.run;

CREATE VIEW v_sample AS
SELECT run.run_id, trial.trial_id, trial.variant, series.role, metric.name AS metric,
  sample.t_us / 1000.0 AS t_ms, sample.value
FROM sample
  JOIN series ON series.id = sample.series
  JOIN metric ON metric.id = series.metric
  JOIN trial ON trial.id = series.trial AND trial.superseded = 0
  JOIN run ON run.id = trial.run;

CREATE VIEW v_event AS
SELECT run.run_id, trial.trial_id, trial.variant, event.role, event.t_ms, event.kind, event.detail
FROM event JOIN trial ON trial.id = event.trial AND trial.superseded = 0 JOIN run ON run.id = trial.run;

CREATE VIEW v_port_budget AS
SELECT run.run_id, trial.trial_id, trial.variant, port_use.role, port_use.t_us / 1000.0 AS t_ms, port_use.source,
  port_use.destination, port_use.port, port_use.used, port_use.range,
  CASE WHEN port_use.range > 0 THEN CAST(port_use.used AS REAL) / port_use.range END AS utilisation, port_use.states
FROM port_use JOIN trial ON trial.id = port_use.trial JOIN run ON run.id = trial.run;

CREATE VIEW v_listener_queue AS
SELECT run.run_id, trial.trial_id, trial.variant, listener_queue.role, listener_queue.t_us / 1000.0 AS t_ms,
  listener_queue.address, listener_queue.port, listener_queue.depth, listener_queue.backlog, listener_queue.syn_recv
FROM listener_queue JOIN trial ON trial.id = listener_queue.trial JOIN run ON run.id = trial.run;

CREATE VIEW v_sysctl AS
SELECT run.run_id, trial.trial_id, trial.variant, sysctl.role, sysctl.name, sysctl.was, sysctl.requested,
  sysctl.effective
FROM sysctl JOIN trial ON trial.id = sysctl.trial AND trial.superseded = 0 JOIN run ON run.id = trial.run;

CREATE VIEW v_histogram AS
SELECT run.run_id, trial.trial_id, trial.variant, histogram.role, 'latency.' || histogram.metric AS metric,
  histogram.count, histogram.min_us AS min, histogram.p50_us AS p50, histogram.p90_us AS p90,
  histogram.p99_us AS p99, histogram.p999_us AS p999, histogram.max_us AS max, 'us' AS unit
FROM histogram JOIN trial ON trial.id = histogram.trial AND trial.superseded = 0 JOIN run ON run.id = trial.run;

CREATE VIEW v_comparison AS
SELECT run.run_id, comparison.baseline, comparison.variant, comparison.role, metric.name AS metric, comparison.n,
  comparison.baseline_median, comparison.variant_median, comparison.effect, comparison.low, comparison.high,
  comparison.p, comparison.verdict
FROM comparison JOIN metric ON metric.id = comparison.metric JOIN run ON run.id = comparison.run;
`;
