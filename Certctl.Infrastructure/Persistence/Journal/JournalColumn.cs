using Certctl.Application.Enrolments.Journal;
using Certctl.Infrastructure.Persistence.Mapping;
using Npgsql;
using NpgsqlTypes;

namespace Certctl.Infrastructure.Persistence.Journal;

/// <summary>One column that the journal writes: the same list makes PostgreSQL's arrays and SQLite's rows.</summary>
internal abstract class JournalColumn(string name, string postgresType)
{
    public string Name => name;

    /// <summary>What is written, from the parameter and the database's time; null: the parameter as it is.</summary>
    public Func<string, string, string>? Written { get; init; }

    public string PostgresType => postgresType;

    /// <summary>The SQL of what is written.</summary>
    /// <param name="parameter">How the statement names the parameter's value.</param>
    /// <param name="now">How it names the database's time.</param>
    public string Value(string parameter, string now) => Written?.Invoke(parameter, now) ?? parameter;

    /// <summary>The value as a SQLite parameter takes it.</summary>
    public abstract object ForSqlite(JournalEntry entry);

    /// <summary>The value as a parameter of PostgreSQL takes it.</summary>
    public abstract NpgsqlParameter ForPostgres(JournalEntry entry);

    /// <summary>A column of a batch: a parameter that is an array.</summary>
    public abstract JournalArray NewArray();
}

/// <summary>The values of one column for one batch; the list is kept and filled again for the next.</summary>
internal abstract class JournalArray
{
    public abstract NpgsqlParameter Parameter { get; }

    public abstract void Clear();

    public abstract void Add(JournalEntry entry);
}

internal sealed class JournalColumn<T>(string name, string postgresType, NpgsqlDbType type, Func<JournalEntry, T> value)
    : JournalColumn(name, postgresType)
{
    public override object ForSqlite(JournalEntry entry) => value(entry) switch
    {
        null => DBNull.Value,
        DateTimeOffset time => Stored.UnixMicroseconds(time),
        TimeSpan span => span.Ticks / TimeSpan.TicksPerMicrosecond,
        { } other => other,
    };

    public override NpgsqlParameter ForPostgres(JournalEntry entry) => new(Name, type) { Value = (object?)value(entry) ?? DBNull.Value };

    public override JournalArray NewArray() => new Values(type, value);

    private sealed class Values : JournalArray
    {
        private readonly List<T> _values = new(EnrolmentJournal.BatchLimit);
        private readonly Func<JournalEntry, T> _value;

        public Values(NpgsqlDbType type, Func<JournalEntry, T> value)
        {
            _value = value;
            Parameter = new NpgsqlParameter<List<T>> { TypedValue = _values, NpgsqlDbType = NpgsqlDbType.Array | type };
        }

        public override NpgsqlParameter Parameter { get; }

        public override void Clear() => _values.Clear();

        public override void Add(JournalEntry entry) => _values.Add(_value(entry));
    }
}
