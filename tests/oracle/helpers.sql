-- Small readings that the rules are made of. Each says nothing (NULL) where the rule is not met.

-- The bytes of a line as text. A line that is not UTF-8 is read byte by byte as LATIN1, which
-- leaves its quotes, braces and names where they are. A line with a NUL is none.
create function is_utf8(raw bytea) returns boolean language plpgsql immutable as $$
begin
    perform convert_from(raw, 'UTF8');
    return true;
exception when others then
    return false;
end $$;

create function line_text(raw bytea) returns text language sql immutable as $$
    select case when position('\x00'::bytea in raw) = 0
                then convert_from(raw, case when is_utf8(raw) then 'UTF8' else 'LATIN1' end) end
$$;

-- One whole JSON value, or NULL. With jsonb the last of two equal keys wins. It takes no escape of
-- a NUL and none of half a pair of surrogates: U+FDD0 stands for them.
create function whole_json(line text) returns jsonb language plpgsql immutable as $$
begin
    return line::jsonb;
exception
    when untranslatable_character or invalid_text_representation then
        begin
            line := regexp_replace(line, '(?<!\\)((\\\\)*)\\u0000', '\1' || U&'\FDD0', 'g');
            line := regexp_replace(line, '(?<!\\)((\\\\)*)\\u[dD][89abAB][0-9a-fA-F]{2}'
                || '(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})', '\1' || U&'\FDD0', 'g');
            line := regexp_replace(line, '(?<!\\u[dD][89abAB][0-9a-fA-F]{2})(?<!\\)((\\\\)*)'
                || '\\u[dD][c-fC-F][0-9a-fA-F]{2}', '\1' || U&'\FDD0', 'g');
            return line::jsonb;
        exception when others then
            return null;
        end;
    when others then
        return null;
end $$;

create function names_course_event(raw bytea) returns boolean language sql immutable as $$
    select position('course_lesson_started'::bytea in raw) > 0
        or position('course_lesson_completed'::bytea in raw) > 0
        or position('course_completed'::bytea in raw) > 0
$$;

-- A line from where its first record begins: behind a byte order mark, blanks and 0x1E.
create function record_text(line text) returns text language sql immutable as $$
    select ltrim(regexp_replace(line, e'^\ufeff', ''), e' \t\r\x1e')
$$;

-- The objects that a line consists of, and how many characters stand before each; NULL where it
-- consists of anything else. An object ends at the first brace up to which it is whole.
create function objects_of(line text, out objects text[], out starts int[])
language plpgsql immutable as $$
declare
    rest text := record_text(line);
    length int;
    next int;
begin
    loop
        length := 0;
        if rest is null or left(rest, 1) <> '{' then
            objects := null;
            return;
        end if;
        loop
            next := strpos(substr(rest, length + 1), '}');
            length := length + next;
            exit when next = 0 or whole_json(left(rest, length)) is not null;
        end loop;
        if next = 0 then
            objects := null;
            return;
        end if;
        objects := objects || left(rest, length);
        starts := starts || (char_length(line) - char_length(rest));
        rest := substr(rest, length + 1);
        exit when ltrim(rest, e' \t\r') = '';
        rest := ltrim(rest, e' \t\r\x1e');
    end loop;
end $$;

-- The text inside a JSON string; NULL when the value is anything else.
create function string_in(value jsonb) returns text language sql immutable as $$
    select case when jsonb_typeof(value) = 'string' then value #>> '{}' end
$$;

-- The text of an entry point as a whole, cut before the character that would pass 256 bytes.
create function entry_point_in(value jsonb, of_utf8 boolean) returns text
language plpgsql immutable as $$
declare
    whole text := string_in(value);
begin
    if whole is null or whole = '' or strpos(whole, U&'\FDD0') > 0 then
        return null;
    end if;
    if not of_utf8 then
        whole := convert_from(convert_to(whole, 'LATIN1'), 'UTF8');
    end if;
    return (select left(whole, most) from generate_series(0, 256) as most
            where octet_length(left(whole, most)) <= 256 order by most desc limit 1);
exception when others then
    return null;
end $$;

-- A user is a string, or an integer, which is the text of its digits.
create function user_in(value jsonb) returns text language sql immutable as $$
    select case when jsonb_typeof(value) = 'string' or value::text ~ '^-?[0-9]+$'
                then value #>> '{}' end
$$;

create function real_date(year int, month int, day int) returns date language plpgsql immutable as $$
begin
    return make_date(year, month, day);
exception when others then
    return null;
end $$;

-- event_time in microseconds since 1970-01-01 00:00 UTC.
create function event_time_us(value text) returns bigint language plpgsql immutable as $$
declare
    part text[];
    first_us constant bigint := (date '0001-01-01' - date '1970-01-01') * 86400000000;
    end_us constant bigint := (date '10000-01-01' - date '1970-01-01') * 86400000000;
    day date;
    us bigint;
begin
    part := regexp_match(value,
        '^([0-9]{4})-([0-9]{2})-([0-9]{2})[ T]([0-9]{2}):([0-9]{2}):([0-9]{2})'
        || '(?:\.([0-9]+))?(Z| UTC| ?([+-])([0-9]{2}):?([0-9]{2})?)?$');
    if part is null or value ~ '[+-][0-9]{2}:$' then
        return null;
    end if;
    day := real_date(part[1]::int, part[2]::int, part[3]::int);
    if day is null or part[4]::int > 23 or part[5]::int > 59 or part[6]::int > 59
            or part[10]::int > 23 or part[11]::int > 59 then
        return null;
    end if;
    us := (day - date '1970-01-01') * 86400000000
        + (part[4]::bigint * 3600 + part[5]::bigint * 60 + part[6]::bigint) * 1000000
        + left(coalesce(part[7], '') || '000000', 6)::bigint;
    if part[9] is not null then
        us := us - (part[9] || '1')::bigint * 60000000
            * (part[10]::bigint * 60 + coalesce(part[11], '0')::bigint);
    end if;
    return case when us >= first_us and us < end_us then us end;
end $$;

-- The number in a JSON number, or in a JSON string that is exactly one.
create function number_in(value jsonb) returns numeric language plpgsql immutable as $$
declare
    spelling text := value #>> '{}';
begin
    if jsonb_typeof(value) not in ('number', 'string')
            or spelling !~ '^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$' then
        return null;
    end if;
    return spelling::numeric;
exception when others then
    return null;
end $$;

create function sql_integer_in(value jsonb) returns int language plpgsql immutable as $$
declare
    number numeric := number_in(value);
begin
    return case when number = trunc(number) and number between -2147483648 and 2147483647
                then number::int end;
end $$;

-- A whole number of 1 / 10^decimals: a / b, rounded half up (towards more), for b > 0.
create function half_up(a numeric, b numeric, decimals int) returns numeric
language plpgsql immutable as $$
declare
    twice numeric := 2 * a * (10 ^ decimals)::numeric(40, 0) + b;
begin
    return div(twice, 2 * b) - case when mod(twice, 2 * b) < 0 then 1 else 0 end;
end $$;

-- A number of seconds as a double has it, exactly: mantissa / 2^k. The bits are taken apart,
-- since a cast from double precision to numeric keeps 15 digits only. Numbers of 10^13 and more
-- are over the limit in any case, those under 10^-9 are nothing in microseconds.
create function double_to_us(seconds numeric) returns numeric language plpgsql immutable as $$
declare
    bits bit(64);
    k int;
    mantissa numeric;
begin
    if seconds < 0.000000001 then
        return 0;
    end if;
    bits := ('x' || encode(float8send(seconds::float8), 'hex'))::bit(64);
    k := 1075 - substring(bits from 2 for 11)::int;
    mantissa := (B'1' || substring(bits from 13 for 52))::bit(53)::bigint;
    return half_up(mantissa * 1000000, (2::numeric ^ k)::numeric(60, 0), 0);
end $$;

create function time_spent_us(value jsonb) returns bigint language plpgsql immutable as $$
declare
    seconds numeric := number_in(value);
    us numeric;
begin
    if seconds is null or seconds < 0 or seconds >= 1e13 then
        return null;
    end if;
    us := double_to_us(seconds);
    return case when us <= 9223372036854775807 then us::bigint end;
end $$;
