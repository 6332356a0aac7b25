using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Certctl.Infrastructure.Persistence.Availability;

/// <summary>Lets EF Core open its sessions by <see cref="PostgresOpening"/>.</summary>
internal sealed class OpeningInterceptor : DbConnectionInterceptor
{
    public static readonly OpeningInterceptor Instance = new();

    public override async ValueTask<InterceptionResult> ConnectionOpeningAsync(
        DbConnection connection, ConnectionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        if (result.IsSuppressed)
            return result;
        await ((NpgsqlConnection)connection).OpenSessionAsync(cancellationToken);
        return InterceptionResult.Suppress();
    }
}
