using Certctl.Tests.Fixtures.Databases;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Conformance.Outages;

/// <summary>A primary and its streaming standby, for tests that hang, stop and promote them.</summary>
public sealed class PostgresPair : IAsyncLifetime
{
    private PostgresCluster? _primary;
    private PostgresCluster? _standby;

    public bool IsAvailable { get; private set; }

    /// <summary>The one that takes writes at the moment.</summary>
    internal PostgresCluster Primary => _primary!;

    internal PostgresCluster Standby => _standby ??= Primary.StartStandby();

    public Task InitializeAsync()
    {
        // A server that is given is not ours to stop; that there are tools decides.
        IsAvailable = Environment.GetEnvironmentVariable("CERTCTL_TEST_POSTGRES") is null or "" && PostgresServer.WhyAbsent is null;
        if (IsAvailable)
            _primary = PostgresCluster.Start();
        else if (Environment.GetEnvironmentVariable("CI") == "true")
            throw new InvalidOperationException("The outage tests need initdb and pg_ctl.");
        return Task.CompletedTask;
    }

    public Task DisposeAsync()
    {
        _standby?.Dispose();
        _primary?.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>From now on the standby is the primary, and the other way about.</summary>
    internal void Swap() => (_primary, _standby) = (_standby, _primary);

    internal async Task<string> CreateDatabaseAsync()
    {
        var name = "drill_" + Guid.NewGuid().ToString("N");
        await Primary.ExecuteAsync("postgres", $"CREATE DATABASE {name}");
        return name;
    }

    /// <summary>Both hosts, the present primary first.</summary>
    internal string Url(string database)
    {
        var settings = new NpgsqlConnectionStringBuilder(Primary.ConnectionString(database));
        return $"postgres://{settings.Username}:{settings.Password}@127.0.0.1:{Primary.Port},127.0.0.1:{Standby.Port}/{database}";
    }
}
