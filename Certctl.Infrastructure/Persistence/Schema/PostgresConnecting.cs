using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Npgsql;

namespace Certctl.Infrastructure.Persistence.Schema;

/// <summary>
/// The first connection of a process. Connecting is the one step of a start that has a bound: four times <c>connect_timeout</c> (4 × 15 s by default), for a server that
/// does not answer or has not finished its own start. What is wrong for certain (refused, no such database, wrong password) ends it at once.
/// </summary>
internal static class PostgresConnecting
{
    private const int Attempts = 4;
    private const int DefaultTimeout = 15;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static async Task<NpgsqlConnection> OpenAsync(NpgsqlDataSource dataSource, MigrationReport report, CancellationToken cancellationToken)
    {
        var settings = new NpgsqlConnectionStringBuilder(dataSource.ConnectionString);
        var bound = TimeSpan.FromSeconds(Attempts * (settings.Timeout == 0 ? DefaultTimeout : settings.Timeout));
        var elapsed = report.Start();
        while (true)
        {
            try
            {
                return await OpenOnceAsync(dataSource, cancellationToken);
            }
            catch (NpgsqlException fault) when (DatabaseFault.KindOf(fault) is DatabaseFaultKind.NoAnswer or DatabaseFaultKind.NotReady && elapsed.Time < bound)
            {
                if (elapsed.IsDue)
                {
                    elapsed.Told();
                    report.Say(waits: true, $"waiting for a connection to {settings.Host}: {fault.Message.TrimEnd('.')} ({elapsed} of {bound.TotalSeconds:0} s)");
                }

                await Task.Delay(Pause, cancellationToken);
            }
        }
    }

    // What a database lacks is a DbException on every path, also where the driver lets others pass: for names without an address, and for files of certificates.
    private static async Task<NpgsqlConnection> OpenOnceAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        try
        {
            return await dataSource.OpenConnectionAsync(cancellationToken);
        }
        catch (NpgsqlException fault) when (DatabaseFault.KindOf(fault) == DatabaseFaultKind.Slow)
        {
            throw new NpgsqlException("Failed to connect in time", new TimeoutException(fault.InnerException!.Message, fault));
        }
        catch (SocketException fault)
        {
            throw new NpgsqlException(fault.Message, fault);
        }
        catch (TimeoutException fault)
        {
            throw new NpgsqlException(fault.Message, fault);
        }
        catch (AuthenticationException fault)
        {
            throw new NpgsqlException(fault.Message, fault);
        }
        catch (CryptographicException fault)
        {
            throw new NpgsqlException(fault.Message, fault);
        }
        catch (IOException fault)
        {
            // A file of sslrootcert, sslcert or sslkey.
            throw new NpgsqlException(fault.Message, new AuthenticationException(fault.Message, fault));
        }
    }
}
