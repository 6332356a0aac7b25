using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Certctl.Tests.Measure;

/// <summary>Overhears the statements that EF sends, and asks PostgreSQL how it goes about them.</summary>
internal sealed partial class QueryPlans : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private readonly List<NpgsqlCommand> _heard = [];
    private readonly List<IDisposable> _subscriptions = [];
    private readonly Lock _lock = new();

    public QueryPlans() => _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));

    /// <summary>The indexes of the statements since the last call; "Seq Scan" where a table is read from one end to the other.</summary>
    /// <param name="plans">The plans themselves.</param>
    public IReadOnlyList<string> Indexes(string connectionString, out string plans)
    {
        List<NpgsqlCommand> heard;
        lock (_lock)
        {
            heard = [.. _heard];
            _heard.Clear();
        }

        var lines = new List<string>();
        using var connection = new NpgsqlConnection(connectionString);
        connection.Open();
        foreach (var command in heard)
        {
            using var explain = new NpgsqlCommand("EXPLAIN (ANALYZE, BUFFERS) " + command.CommandText, connection) { CommandTimeout = 600 };
            foreach (NpgsqlParameter parameter in command.Parameters)
                explain.Parameters.Add(parameter.Clone());
            using var reader = explain.ExecuteReader();
            while (reader.Read())
                lines.Add(reader.GetString(0));
            lines.Add("");
        }

        plans = string.Join('\n', lines);
        return [.. Names().Matches(plans).Select(match => match.Value).Distinct().Order(StringComparer.Ordinal)];
    }

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == "Microsoft.EntityFrameworkCore")
            _subscriptions.Add(value.Subscribe(this));
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key != RelationalEventId.CommandExecuting.Name || value.Value is not CommandEventData { Command: NpgsqlCommand command }
            || !command.CommandText.Contains("SELECT", StringComparison.Ordinal))
            return;
        lock (_lock)
            _heard.Add(command.Clone());
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose() => _subscriptions.ForEach(subscription => subscription.Dispose());

    [GeneratedRegex("(?<=(using|Index Scan on) )[a-z_]+(_idx|_pkey)|Seq Scan")]
    private static partial Regex Names();
}
