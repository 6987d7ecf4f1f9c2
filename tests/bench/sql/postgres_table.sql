create schema raw_amplitude;
create table raw_amplitude.events (
    user_id text,
    event_type text,
    event_time timestamptz,
    event_properties jsonb,
    uuid text
);
