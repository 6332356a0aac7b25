using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Certctl.Infrastructure.Persistence.Availability;

/// <summary>Shows EF Core's failed commands to <see cref="PostgresPools"/>, before their session goes back to the pool.</summary>
internal sealed class SessionInterceptor(PostgresPools pools) : DbCommandInterceptor
{
    public override void CommandFailed(DbCommand command, CommandErrorEventData eventData) => pools.Judge(eventData.Exception);

    public override Task CommandFailedAsync(
        DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        pools.Judge(eventData.Exception);
        return Task.CompletedTask;
    }
}
