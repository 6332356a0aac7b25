using Integrator.Client;
using Integrator.Client.Models;
using Microsoft.Kiota.Abstractions.Helpers;

namespace Integrator;

/// <summary>
/// What an inventory, a monitor and a ticket system want of the server; each task is one of integrator.sh too, and prints the same.
/// </summary>
internal sealed class IntegratorTasks(CertctlClient client)
{
    private const int PerPage = 500;

    /// <summary>The active certificates that end within so many days, newest first: serial number, end, name.</summary>
    public async Task ListExpiringAsync(int days)
    {
        var before = TimeProvider.System.GetUtcNow().AddDays(days);
        string? cursor = null;
        do
        {
            var page = await client.Api.V1.Certificates.GetAsync(request =>
            {
                request.QueryParameters.Status = Client.Api.V1.Certificates.GetStatusQueryParameterType.Active;
                request.QueryParameters.ExpiresBefore = before;
                request.QueryParameters.PerPage = PerPage;
                request.QueryParameters.Cursor = cursor;
            });
            foreach (var certificate in page!.Data!)
                Console.WriteLine($"{certificate.SerialNumber}\t{certificate.ExpiresAt:yyyy-MM-dd'T'HH:mm:ss'Z'}\t{certificate.Name}");
            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }

    /// <summary>How many requests were refused within so many hours: the reason and the count, by reason.</summary>
    public async Task CountRefusedAsync(int hours)
    {
        var reasons = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var from = TimeProvider.System.GetUtcNow().AddHours(-hours);
        string? cursor = null;
        do
        {
            var page = await client.Api.V1.Audit.GetAsync(request =>
            {
                request.QueryParameters.Outcome = Client.Api.V1.Audit.GetOutcomeQueryParameterType.Refused;
                request.QueryParameters.From = from;
                request.QueryParameters.PerPage = PerPage;
                request.QueryParameters.Cursor = cursor;
            });

            // A flood of the like is one event with its count.
            foreach (var refusal in page!.Data!)
                reasons[refusal.Reason ?? ""] = reasons.GetValueOrDefault(refusal.Reason ?? "") + refusal.Count!.Value;
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        foreach (var (reason, count) in reasons)
            Console.WriteLine($"{reason}\t{count}");
    }

    /// <summary>Sets the longest life of what is issued under a certificate profile; a concurrent change is not overwritten.</summary>
    public async Task SetTtlAsync(string profileId, int seconds)
    {
        var seen = new ETagReading();
        var profile = await client.Api.V1.Profiles[profileId].GetAsync(seen.Read);
        profile!.MaxTtlSeconds = seconds;
        var stored = await client.Api.V1.Profiles[profileId].PutAsync(profile, request => request.Headers.Add("If-Match", seen.ETag!));
        Console.WriteLine(stored!.MaxTtlSeconds);
    }

    /// <summary>Deletes a certificate profile that nothing refers to.</summary>
    public async Task DeleteProfileAsync(string profileId)
    {
        var seen = new ETagReading();
        await client.Api.V1.Profiles[profileId].GetAsync(seen.Read);
        await client.Api.V1.Profiles[profileId].DeleteAsync(request => request.Headers.Add("If-Match", seen.ETag!));
        Console.WriteLine("deleted");
    }

    /// <summary>Revokes one; the reason as RFC 5280 §5.3.1 writes it.</summary>
    public async Task RevokeAsync(string serial, string reason)
    {
        var known = EnumHelpers.GetEnumValue<RevocationBody_reason>(reason)
            ?? throw new InvalidOperationException($"\"{reason}\" is none of the reasons that the server takes.");
        var done = await client.Api.V1.Certificates[serial].Revoke.PostAsync(
            new RevocationBody { Reason = known, Note = "by the sample integrator" });
        Console.WriteLine(done!.Status);
    }
}
