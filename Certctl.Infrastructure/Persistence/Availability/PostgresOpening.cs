using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Npgsql;

namespace Certctl.Infrastructure.Persistence.Availability;

/// <summary>
/// The one way to open a session of PostgreSQL. What keeps it from being opened is an <see cref="NpgsqlException"/>, also where the driver
/// lets others pass: for name servers that do not answer in time, and for files of certificates.
/// </summary>
internal static class PostgresOpening
{
    public static async Task<NpgsqlConnection> OpenSessionAsync(this NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        var connection = source.CreateConnection();
        try
        {
            await connection.OpenSessionAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

#pragma warning disable RS0030 // The one place.
    public static Task OpenSessionAsync(this NpgsqlConnection connection, CancellationToken cancellationToken) =>
        AsOutageAsync(connection.OpenAsync(cancellationToken));
#pragma warning restore RS0030

    /// <summary>
    /// Ends as <paramref name="opening"/> does, and every fault of the way to the server is an <see cref="NpgsqlException"/>.
    /// </summary>
    internal static async Task AsOutageAsync(Task opening)
    {
        try
        {
            await opening;
        }
        catch (NpgsqlException fault) when (DatabaseFault.KindOf(fault) == DatabaseFaultKind.Slow)
        {
            throw new NpgsqlException(
                "Failed to connect in time", new TimeoutException(fault.InnerException?.Message ?? fault.Message, fault));
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
        catch (UnauthorizedAccessException fault)
        {
            throw new NpgsqlException(fault.Message, new AuthenticationException(fault.Message, fault));
        }
    }
}
