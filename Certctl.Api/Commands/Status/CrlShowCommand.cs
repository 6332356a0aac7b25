using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.StatusClient;
using Certctl.Infrastructure.StatusClient.Crl;

namespace Certctl.Api.Commands.Status;

/// <summary>
/// <c>certctl crl show URL|FILE</c>. Exit codes: 0 shown, 2 usage, 3 the serial number asked about is listed, 5 network or TLS, 6 it is
/// no CRL, 7 a local file.
/// </summary>
internal static class CrlShowCommand
{
    private const int MaxFirst = 1_000_000;

    private static readonly Argument<string> Place = CrlVerifyCommand.PlaceArgument();
    private static readonly Option<string?> CaCert = StatusVerb.CaCert();
    private static readonly Option<bool> Json = StatusVerb.Json();

    private static readonly Option<int> First = new("--first")
    {
        HelpName = "COUNT",
        Description = $"How many entries to print, 0 to {MaxFirst}.",
        DefaultValueFactory = _ => 10,
        Validators =
        {
            static given =>
            {
                if (given.Tokens is [{ Value: var text }]
                    && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count > MaxFirst))
                    given.AddError($"--first is a number from 0 to {MaxFirst}.");
            },
        },
    };

    private static readonly Option<string?> Serial = SerialOption.Create("Look for this serial number; exit code 3 when it is listed.");

    public static Command Create()
    {
        var command = new Command(
            "show", "Print what a CRL says; nothing is verified. Exit codes: 0 shown, 2 usage, 3 the serial number asked about is listed, "
                + "5 network or TLS, 6 it is no CRL, 7 a local file.") { Place, Serial, First, CaCert, Json };
        command.SetAction((parsed, cancellationToken) => StatusVerb.GuardAsync(
            "crl show", parsed, parsed.GetValue(Json), () => RunAsync(parsed, cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var octets = await StatusVerb.ReadAsync(parsed.GetValue(Place)!, parsed, CaCert, StatusTransport.MaxCrl, cancellationToken);
        var crl = ReceivedCrl.Read(octets);
        var asked = parsed.GetValue(Serial) is { } text ? SerialNumberText.Read(text) : null;
        var (count, first, found) = Walk(crl, parsed.GetValue(First), asked, cancellationToken);
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(Json))
            await output.WriteLineAsync(AsJson(crl, octets.Length, count, first, asked, found));
        else
            await output.WriteAsync(AsText(crl, octets.Length, count, first, asked, found));
        return found is null ? 0 : StatusVerb.Revoked;
    }

    // One pass: of a million entries none is kept but those that are printed.
    private static (long Count, List<CrlEntry> First, CrlEntry? Found) Walk(
        ReceivedCrl crl, int most, string? asked, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> wanted = asked is null ? default : Convert.FromHexString(asked).AsMemory().TrimStart((byte)0);
        var (count, first, found) = (0L, new List<CrlEntry>(), (CrlEntry?)null);
        foreach (var entry in crl.Entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            count++;
            if (first.Count < most)
                first.Add(entry);
            if (asked is not null && found is null && entry.SerialNumber.Span.TrimStart((byte)0).SequenceEqual(wanted.Span))
                found = entry;
        }

        return (count, first, found);
    }

    private static string AsText(
        ReceivedCrl crl, int octets, long count, List<CrlEntry> first, string? asked, CrlEntry? found)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        text.WriteLine($"""
            CRL of {crl.IssuerName}
              number       {crl.Number?.ToString(CultureInfo.InvariantCulture) ?? "(none)"}
              thisUpdate   {crl.ThisUpdate:u}
              nextUpdate   {crl.NextUpdate?.ToString("u", CultureInfo.InvariantCulture) ?? "(none)"}
              signature    {crl.OuterAlgorithm.Name}
              key of CA    {crl.AuthorityKeyId ?? "(none)"}
              size         {octets} octets
            """);
        if (crl.BaseNumber is { } number)
            text.WriteLine($"  delta        of number {number}");
        if (crl.Scope is { } scope)
            text.WriteLine($"  scope        {string.Join(", ", ScopeWords(scope))}");
        foreach (var url in crl.FreshestUris)
            text.WriteLine($"  delta CRL at {url}");
        foreach (var extension in crl.Extensions)
            text.WriteLine($"  extension    {extension.Oid}{(extension.IsCritical ? ", critical" : "")}");
        text.WriteLine($"  revoked      {count}");
        foreach (var entry in first)
            text.WriteLine($"    {Line(entry)}");
        if (count > first.Count)
            text.WriteLine($"    … and {count - first.Count} more");
        if (asked is not null)
            text.WriteLine(found is { } listed ? $"Listed: {Line(listed)}" : $"Not listed: {asked.TrimStart('0')}");
        return text.ToString();
    }

    private static string Line(CrlEntry entry) =>
        $"{entry.SerialText}  {entry.RevokedAt:u}  {entry.ReasonWord}{(entry.InvalidFrom is { } from ? $"  invalid from {from:u}" : "")}";

    private static IEnumerable<string> ScopeWords(CrlScope scope)
    {
        if (scope.OnlyUserCertificates)
            yield return "only user certificates";
        if (scope.OnlyCaCertificates)
            yield return "only CA certificates";
        if (scope.OnlyAttributeCertificates)
            yield return "only attribute certificates";
        if (scope.OnlySomeReasons)
            yield return "only some reasons";
        if (scope.IsIndirect)
            yield return "also of other issuers";
        foreach (var url in scope.Uris)
            yield return $"those that point to {url}";
        if (scope is { HasDistributionPoint: true, Uris.Count: 0 })
            yield return "those that point to a name that is no URL";
        if (scope.SaysNothing)
            yield return "(empty)";
    }

    private static string AsJson(
        ReceivedCrl crl, int octets, long count, List<CrlEntry> first, string? asked, CrlEntry? found) => JsonSerializer.Serialize(
        new
        {
            issuer = crl.IssuerName,
            number = crl.Number?.ToString(CultureInfo.InvariantCulture),
            base_number = crl.BaseNumber?.ToString(CultureInfo.InvariantCulture),
            this_update = crl.ThisUpdate,
            next_update = crl.NextUpdate,
            signature_algorithm = crl.OuterAlgorithm.Name,
            authority_key_id = crl.AuthorityKeyId,
            octets,
            scope = crl.Scope is { } scope ? ScopeWords(scope) : null,
            freshest_crl = crl.FreshestUris,
            extensions = crl.Extensions.Select(extension => new { oid = extension.Oid, critical = extension.IsCritical }),
            revoked = count,
            entries = first.Select(Row),
            asked_serial = asked,
            listed = asked is null ? (bool?)null : found is not null,
            entry = found is { } listed ? Row(listed) : null,
        },
        StatusVerb.JsonForm);

    private static object Row(CrlEntry entry) => new
    {
        serial = entry.SerialText,
        revoked_at = entry.RevokedAt,
        reason = entry.ReasonWord,
        invalid_from = entry.InvalidFrom,
    };
}
