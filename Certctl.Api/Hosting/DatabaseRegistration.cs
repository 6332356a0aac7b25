using Certctl.Api.Configuration.Database;
using Certctl.Infrastructure.Persistence;

namespace Certctl.Api.Hosting;

/// <summary>Registers the configured database behind the application's interfaces.</summary>
internal static class DatabaseRegistration
{
    public static IServiceCollection AddDatabase(this IServiceCollection services, DatabaseOptions options)
    {
        var kind = options.Provider switch
        {
            DatabaseProvider.PostgreSql => DatabaseKind.PostgreSql,
            DatabaseProvider.Sqlite => DatabaseKind.Sqlite,
        };
        return services.AddCertctlPersistence(kind, options.ConnectionString.Reveal(), options.MaxConnections, options.Deadline);
    }
}
