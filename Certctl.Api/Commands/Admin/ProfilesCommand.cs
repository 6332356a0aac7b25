using System.CommandLine;
using System.Text.Json;
using Certctl.Api.Rest.Endpoints;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Profiles;
using Certctl.Application.Enrolments;

namespace Certctl.Api.Commands.Admin;

/// <summary><c>certctl profiles list|show|put</c>: the certificate profiles in the database, in the JSON of the upstream product.</summary>
internal static class ProfilesCommand
{
    private const string Channel = "command line";

    public static Command Create()
    {
        var config = new Option<string?>("--config") { Description = "JSON file with the settings of the server.", Recursive = true };
        var id = new Argument<string>("ID") { Description = "Id of the profile." };
        var file = new Argument<string>("FILE") { Description = "JSON file with one profile; '-' reads standard input." };

        var list = new Command("list", "All certificate profiles.");
        list.SetAction((parse, token) => WithRepositoryAsync(parse.GetValue(config), ListAsync, token));
        var show = new Command("show", "One certificate profile as JSON.") { id };
        show.SetAction((parse, token) => WithRepositoryAsync(
            parse.GetValue(config), (profiles, bounded) => ShowAsync(profiles, parse.GetValue(id)!, bounded), token));
        var put = new Command("put", "Create or replace a certificate profile.") { file };
        put.SetAction((parse, token) => PutAsync(parse.GetValue(config), parse.GetValue(file)!, token));
        return new Command("profiles", "The certificate profiles: what may be issued.") { config, list, show, put };
    }

    private static async Task<int> ListAsync(ICertificateProfileRepository profiles, CancellationToken cancellationToken)
    {
        foreach (var profile in await profiles.ListAsync(cancellationToken))
            Console.WriteLine($"{profile.Id,-24} {(profile.Enabled ? "enabled " : "disabled")} v{profile.Version,-4} {profile.Name}");
        return 0;
    }

    private static async Task<int> ShowAsync(ICertificateProfileRepository profiles, string id, CancellationToken cancellationToken)
    {
        if (await profiles.FindAsync(id, fresh: true, cancellationToken) is not { } profile)
            return Fail($"There is no certificate profile \"{id}\".");
        Console.WriteLine(JsonSerializer.Serialize(ProfileJson.From(profile), ProfileJson.Options));
        return 0;
    }

    private static async Task<int> PutAsync(string? configPath, string file, CancellationToken cancellationToken)
    {
        try
        {
            var text = file == "-"
                ? await Console.In.ReadToEndAsync(cancellationToken)
                : await File.ReadAllTextAsync(file, cancellationToken);
            return JsonSerializer.Deserialize<ProfileJson>(text, ProfileJson.Options) is { } json
                ? await Database.WithAsync(
                    "profiles", configPath, (services, bounded) => StoreAsync(services, json, bounded), Fail, cancellationToken)
                : Fail($"{file} is not a profile: it holds null.");
        }
        catch (IOException unreadable)
        {
            return Fail($"{file} cannot be read: {unreadable.Message}");
        }
        catch (UnauthorizedAccessException denied)
        {
            return Fail($"{file} cannot be read: {denied.Message}");
        }
        catch (JsonException malformed)
        {
            return Fail($"{(file == "-" ? "standard input" : file)} is not a profile: line {malformed.LineNumber + 1}, {malformed.Path}: "
                + "not JSON, a key that profiles do not have, or a value of the wrong kind. See docs/configuration.md.");
        }
    }

    private static async Task<int> StoreAsync(IServiceProvider services, ProfileJson json, CancellationToken cancellationToken)
    {
        var profiles = services.GetRequiredService<ICertificateProfileRepository>();
        var stored = await profiles.FindAsync(json.Id ?? "", fresh: true, cancellationToken);
        if (json.ToProfile(stored, TimeProvider.System.GetUtcNow(), out var problems) is not { } profile)
            return Fail([.. problems]);
        var command = new SaveProfileCommand(
            profile,
            stored?.Version ?? 0,
            version => ProfileJson.Change(stored, ProfileJson.From(profile) with { Version = version }),
            new AdminCaller(SystemAccount.Name, Channel));
        switch (await services.GetRequiredService<AdminDispatcher>().SendAsync(command, cancellationToken))
        {
            case AdminOutcome.Stored(_, var summary):
                Console.WriteLine($"{profile.Id} {summary}.");
                return 0;
            case AdminOutcome.Invalid(var invalid):
                return Fail(invalid);
            case AdminOutcome.Conflict(var detail):
                return Fail(detail);
            case AdminOutcome.Outdated(var detail):
                return Fail(detail);
            default:
                throw new InvalidOperationException("No profile is stored like that.");
        }
    }

    private static Task<int> WithRepositoryAsync(
        string? configPath, Func<ICertificateProfileRepository, CancellationToken, Task<int>> act, CancellationToken cancellationToken) =>
        Database.WithAsync(
            "profiles", configPath, (services, bounded) => act(services.GetRequiredService<ICertificateProfileRepository>(), bounded), Fail,
            cancellationToken);

    private static int Fail(params IReadOnlyList<string> problems)
    {
        foreach (var problem in problems)
            Console.Error.WriteLine($"certctl profiles: {problem}");
        return 1;
    }
}
