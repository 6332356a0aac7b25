using Certctl.Infrastructure.Persistence.Availability;
using Npgsql;

namespace Certctl.Infrastructure.Persistence.Schema;

/// <summary>
/// The first connection of a process. Connecting is the one step of a start that has a bound: four times <c>connect_timeout</c> (its
/// default: <see cref="PostgresSource.Settings"/>), for a server that does not answer or has not finished its own start. What is wrong for
/// certain (refused, no such database, wrong password) ends it at once.
/// </summary>
internal static class PostgresConnecting
{
    private const int Attempts = 4;
    private const int DefaultTimeout = 15;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static async Task<NpgsqlConnection> OpenAsync(
        NpgsqlDataSource dataSource, MigrationReport report, CancellationToken cancellationToken)
    {
        var settings = new NpgsqlConnectionStringBuilder(dataSource.ConnectionString);
        var bound = TimeSpan.FromSeconds(Attempts * (settings.Timeout == 0 ? DefaultTimeout : settings.Timeout));
        var elapsed = report.Start();
        while (true)
        {
            try
            {
                return await dataSource.OpenSessionAsync(cancellationToken);
            }
            catch (NpgsqlException fault) when (MayPass(fault, settings.Host!.Split(',').Length) && elapsed.Time < bound)
            {
                if (elapsed.IsDue)
                {
                    elapsed.Told();
                    report.Say(waits: true, $"waiting for a connection to {settings.Host}: {fault.Message.TrimEnd('.')} "
                        + $"({elapsed} of {bound.TotalSeconds:0} s)");
                }

                await Task.Delay(Pause, cancellationToken);
            }
        }
    }

    // A host that was reached and is not among the faults cannot write yet: a failover is under way.
    private static bool MayPass(NpgsqlException fault, int hosts) =>
        DatabaseFault.KindOf(fault) is DatabaseFaultKind.NoAnswer or DatabaseFaultKind.NotReady
        || (fault.InnerException is AggregateException several && several.InnerExceptions.Count < hosts);
}
