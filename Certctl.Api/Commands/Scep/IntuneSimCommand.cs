using System.CommandLine;
using System.Text.Json;
using Certctl.Infrastructure.Intune;

namespace Certctl.Api.Commands.Scep;

/// <summary>
/// <c>certctl intune sim</c>: signs challenges as a connector does, so that a roll-out can be rehearsed without a tenant.
/// </summary>
internal static class IntuneSimCommand
{
    private const int MostMinutes = 24 * 60;

    private static readonly Option<string> Folder = new("--folder")
    {
        Description = "Where the connector's key and certificate lie; made when absent.",
        DefaultValueFactory = _ => "./connector",
    };
    private static readonly Option<string> Algorithm =
        new("--alg") { Description = "Of a connector that is made: es256 or rs256.", DefaultValueFactory = _ => "es256" };
    private static readonly Option<string> Issuer =
        new("--issuer") { Description = "Claim iss.", DefaultValueFactory = _ => "https://rehearsal-connector.invalid" };
    private static readonly Option<string> Subject =
        new("--subject") { Description = "Claim sub: the device, as its management knows it.", Required = true };
    private static readonly Option<string?> DeviceName = new("--device-name")
    {
        Description = "Claim device_name: what the common name of the request must be.",
    };
    private static readonly Option<string?> Audience = new("--audience")
    {
        Description = "Claim aud: what the server's INTUNE_AUDIENCE is.",
    };
    private static readonly Option<string[]> Dns = Names("--dns", "DNS name of the device; may be repeated.");
    private static readonly Option<string[]> Email = Names("--email", "Mail address of the device; may be repeated.");
    private static readonly Option<string[]> Upn = Names("--upn", "User principal name of the device; may be repeated.");
    private static readonly Option<string[]> Uri = Names("--uri", "URI of the device; may be repeated.");
    private static readonly Option<int> Minutes =
        new("--minutes") { Description = $"From iat to exp, 1 to {MostMinutes}.", DefaultValueFactory = _ => 30 };
    private static readonly Option<string?> Defect = new("--defect")
    {
        Description = $"What is to be wrong: {string.Join(", ", IntuneConnector.Defects.Keys)}.",
    };
    private static readonly Option<bool> Json = new("--json")
    {
        Description = "One JSON object with the challenge, the bundle's path and the label that is to be expected.",
    };

    public static Command Create()
    {
        var command = new Command("sim", "Sign challenges as a connector does, to rehearse with. Standard output has the challenge alone.")
        {
            Folder, Algorithm, Issuer, Subject, DeviceName, Audience, Dns, Email, Upn, Uri, Minutes, Defect, Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var (algorithm, defect, minutes) =
            (parsed.GetValue(Algorithm)!.ToUpperInvariant(), parsed.GetValue(Defect), parsed.GetValue(Minutes));
        if (algorithm is not ("ES256" or "RS256"))
            return Fail("--alg is es256 or rs256");
        if (defect is not null && !IntuneConnector.Defects.ContainsKey(defect))
            return Fail($"--defect is one of {string.Join(", ", IntuneConnector.Defects.Keys)}");
        if (minutes is < 1 or > MostMinutes)
            return Fail($"--minutes is a number from 1 to {MostMinutes}");
        if (parsed.GetValue(Subject) is not { Length: > 0 })
            return Fail("--subject names the device");
        try
        {
            var now = TimeProvider.System.GetUtcNow();
            using var connector = IntuneConnector.Open(parsed.GetValue(Folder)!, algorithm == "RS256", now);
            Print(connector, connector.Sign(Device(parsed), now, TimeSpan.FromMinutes(minutes), defect), defect, parsed.GetValue(Json));
            return 0;
        }
        catch (IOException unusable)
        {
            return Fail(unusable.Message);
        }
        catch (UnauthorizedAccessException denied)
        {
            return Fail(denied.Message);
        }
    }

    private static RehearsedDevice Device(ParseResult parsed) =>
        new(parsed.GetValue(Issuer)!, parsed.GetValue(Subject)!, parsed.GetValue(DeviceName), parsed.GetValue(Audience))
        {
            DnsNames = parsed.GetValue(Dns) ?? [],
            MailAddresses = parsed.GetValue(Email) ?? [],
            UserPrincipalNames = parsed.GetValue(Upn) ?? [],
            Uris = parsed.GetValue(Uri) ?? [],
        };

    private static void Print(IntuneConnector connector, string challenge, string? defect, bool json)
    {
        var bundle = Path.GetFullPath(connector.BundlePath);
        var label = defect is null || IntuneConnector.Defects[defect].Length == 0 ? "success" : IntuneConnector.Defects[defect];
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { challenge, connector_cert_path = bundle, expected = label }));
            return;
        }

        Console.WriteLine(challenge);
        if (connector.IsNew)
            Console.Error.WriteLine(
                $"certctl intune sim: made a connector; name its certificate to the server: INTUNE_CONNECTOR_CERT_PATH={bundle}");
        if (defect is not null)
            Console.Error.WriteLine($"certctl intune sim: expect {label}");
    }

    private static Option<string[]> Names(string name, string description) =>
        new(name) { Description = description, Arity = ArgumentArity.ZeroOrMore };

    private static int Fail(string problem)
    {
        Console.Error.WriteLine($"certctl intune sim: {problem}");
        return 1;
    }
}
