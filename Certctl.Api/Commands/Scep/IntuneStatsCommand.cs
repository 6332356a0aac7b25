using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Enrolments.Trail;

namespace Certctl.Api.Commands.Scep;

/// <summary><c>certctl intune stats</c>: how signed challenges fared in the last 24 hours, over all servers on this database.</summary>
internal static class IntuneStatsCommand
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(24);

    public static Command Create()
    {
        var config = new Option<string?>("--config") { Description = "JSON file with the settings of the server." };
        var json = new Option<bool>("--json") { Description = "One JSON object, for scripts." };
        var command =
            new Command("stats", "How signed challenges fared in the last 24 hours, over all servers on this database.") { config, json };
        command.SetAction((parse, token) => Database.WithAsync(
            "intune stats", parse.GetValue(config), (services, bounded) => PrintAsync(services, parse.GetValue(json), bounded), Fail,
            token));
        return command;
    }

    private static async Task<int> PrintAsync(IServiceProvider services, bool json, CancellationToken cancellationToken)
    {
        var since = services.GetRequiredService<TimeProvider>().GetUtcNow() - Window;
        var paths = await IntuneStatistics.SinceAsync(services.GetRequiredService<IAuditRepository>(), since, cancellationToken);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                since = since.UtcDateTime,
                profiles = paths.Select(path => new { path_id = path.PathId, counters = path.Counts, other = path.Other }),
            }));
        }
        else if (paths.Count == 0)
        {
            Console.WriteLine("No signed challenge in the last 24 hours.");
        }
        else
        {
            paths.ToList().ForEach(Print);
        }

        return 0;
    }

    private static void Print(IntuneStatistics path)
    {
        Console.WriteLine(path.PathId is null ? "(path not kept)" : $"SCEP profile \"{path.PathId}\"");
        foreach (var (label, count) in path.Counts.Append(new("(other refusals)", path.Other)))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {label,-18} {count,8}"));
    }

    private static int Fail(IReadOnlyList<string> problems)
    {
        foreach (var problem in problems)
            Console.Error.WriteLine($"certctl intune stats: {problem}");
        return 1;
    }
}
