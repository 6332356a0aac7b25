using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Npgsql;

namespace Certctl.Infrastructure.Persistence.Availability;

/// <summary>
/// The one way to open a session of PostgreSQL. What keeps it from being opened is an <see cref="NpgsqlException"/>, also where the driver lets
/// others pass: for names without an address, and for files of certificates.
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

    public static async Task OpenSessionAsync(this NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
#pragma warning disable RS0030 // The one place.
            await connection.OpenAsync(cancellationToken);
#pragma warning restore RS0030
        }
        catch (NpgsqlException fault) when (DatabaseFault.KindOf(fault) == DatabaseFaultKind.Slow)
        {
            throw new NpgsqlException("Failed to connect in time", new TimeoutException(fault.InnerException?.Message ?? fault.Message, fault));
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
