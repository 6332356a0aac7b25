using Certctl.Api.Configuration;
using Certctl.Api.Hosting;

namespace Certctl.Api.Commands;

/// <summary>The database alone, for the verbs that need no server.</summary>
internal static class Database
{
    public static ServiceProvider Open(DatabaseOptions options) => new ServiceCollection()
        .AddSingleton(TimeProvider.System)
        .AddLogging()
        .AddDatabase(options)
        .BuildServiceProvider();
}
