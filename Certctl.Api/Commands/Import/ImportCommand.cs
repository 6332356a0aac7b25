using System.CommandLine;
using System.Security.Cryptography;
using Certctl.Api.Commands.Admin;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Import;
using Certctl.Application.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Import;

namespace Certctl.Api.Commands.Import;

/// <summary>
/// <c>certctl import micromdm|certificates</c>: takes over what another server issued, so that devices renew it here and operators revoke
/// it here. The CA itself is taken over by the server's settings (docs/migration.md).
/// </summary>
internal static class ImportCommand
{
    private static readonly Option<string?> Config =
        new("--config") { Description = "JSON file with the settings of the server.", Recursive = true };

    private static readonly Option<string> PathId =
        Text("--path-id", "PathID of the SCEP profile that devices renew at; empty: /scep itself.", "");

    private static readonly Option<string> ProfileId =
        Text("--profile-id", "The certificate profile that they count to.", CertificateProfile.DefaultId);

    private static readonly Option<string> IssuerId = Text("--issuer-id", "The issuer whose CA signed them.", "iss-local");

    private static readonly Option<bool> DryRun =
        new("--dry-run") { Description = "Read and check everything, and write nothing.", Recursive = true };

    public static Command Create()
    {
        var folder = new Argument<string>("DIR")
        {
            Description = "The depot of micromdm's scepserver: ca.pem, index.txt and the certificates.",
        };
        var micromdm = new Command("micromdm", "The depot of micromdm/scep.") { folder };
        micromdm.SetAction((parse, token) => RunAsync(
            parse, parse.GetValue(folder)!, target => MicromdmDepot.Read(parse.GetValue(folder)!, target), token));

        var ca = new Option<string>("--ca") { Description = "PEM: the CA that signed them.", Required = true };
        var file = new Argument<string>("FILE")
        {
            Description = "PEM with many certificates, or CSV with the columns certificate, revoked_at, reason.",
        };
        var list = new Command("certificates", "Certificates as EJBCA, step-ca and others export them.") { ca, file };
        list.SetAction((parse, token) => RunAsync(
            parse, parse.GetValue(file)!, target => CertificateList.Read(parse.GetValue(ca)!, parse.GetValue(file)!, target), token));
        return new Command("import", "Take over what another server issued under this server's CA.")
        {
            Config, PathId, ProfileId, IssuerId, DryRun, micromdm, list,
        };
    }

    private static async Task<int> RunAsync(
        ParseResult parse, string from, Func<ImportTarget, ForeignCertificates> read, CancellationToken cancellationToken)
    {
        var target = new ImportTarget(parse.GetValue(IssuerId)!, parse.GetValue(ProfileId)!, parse.GetValue(PathId)!);
        if (Read(() => read(target), out var problem) is not { } found)
            return Fail([problem]);
        foreach (var one in found.Problems)
            Console.Error.WriteLine($"certctl import: {one}");
        var revoked = found.Found.Count(one => one.RevokedAt is not null);
        Console.WriteLine($"{found.Found.Count} certificates found, {revoked} of them revoked, {found.Problems.Count} problems.");
        if (found.Found.Count == 0 || parse.GetValue(DryRun))
            return found.Problems.Count > 0 ? 1 : 0;
        var code = await Database.WithAsync(
            "import", parse.GetValue(Config), (services, bounded) => StoreAsync(services, target, from, found.Found, bounded), Fail,
            cancellationToken);
        return code != 0 ? code : found.Problems.Count > 0 ? 1 : 0;
    }

    private static ForeignCertificates? Read(Func<ForeignCertificates> read, out string problem)
    {
        try
        {
            problem = "";
            return read();
        }
        catch (IOException unreadable)
        {
            problem = unreadable.Message;
        }
        catch (UnauthorizedAccessException denied)
        {
            problem = denied.Message;
        }
        catch (CryptographicException none)
        {
            problem = $"The CA's file holds no certificate: {none.Message}";
        }

        return null;
    }

    private static async Task<int> StoreAsync(
        IServiceProvider services, ImportTarget target, string from, IReadOnlyList<ForeignCertificate> certificates,
        CancellationToken cancellationToken)
    {
        var profiles = services.GetRequiredService<ICertificateProfileRepository>();
        if (await profiles.FindAsync(target.ProfileId, fresh: true, cancellationToken) is null)
            return Fail([$"There is no certificate profile \"{target.ProfileId}\"; name another with --profile-id."]);
        var command = new ImportCertificatesCommand(
            target.IssuerId, Path.GetFullPath(from), certificates, OperatorOption.Caller(SystemAccount.Name));
        switch (await services.GetRequiredService<AdminDispatcher>().SendAsync(command, cancellationToken))
        {
            case AdminOutcome.Done(var summary):
                Console.WriteLine($"{summary}.");
                return 0;
            case AdminOutcome.Invalid(var problems):
                return Fail(problems);
            default:
                throw new InvalidOperationException("Nothing is imported like that.");
        }
    }

    private static Option<string> Text(string name, string description, string value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value, Recursive = true };

    private static int Fail(IReadOnlyList<string> problems)
    {
        foreach (var problem in problems)
            Console.Error.WriteLine($"certctl import: {problem}");
        return 1;
    }
}
