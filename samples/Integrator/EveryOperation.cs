using System.Security.Cryptography.X509Certificates;
using Integrator.Client;
using Integrator.Client.Models;
using Microsoft.Kiota.Abstractions;

namespace Integrator;

/// <summary>
/// Every operation of the API by the generated client, each named once it is done:
/// examples to copy from, and what the tests of certctl run.
/// </summary>
/// <param name="approve">Id of a request that waits, to be approved.</param>
/// <param name="deny">Id of another, to be denied.</param>
/// <param name="serial">Serial number of an active certificate; it is on hold for a moment.</param>
/// <param name="transaction">transactionID of a request.</param>
/// <param name="scepServer">URL of a SCEP server that the server may ask.</param>
internal sealed class EveryOperation(CertctlClient client, Guid approve, Guid deny, string serial, string transaction, string scepServer)
{
    private const string ProfileId = "every-operation";

    public async Task RunAsync()
    {
        await ServerAsync();
        await ProfilesAsync();
        await ApprovalsAsync();
        await CertificatesAsync();
        await AuditAsync();
        await KeysAsync();
        await ScepAsync();
    }

    private async Task ServerAsync()
    {
        Done("getHealth", (await client.Health.GetAsync())?.Status == "healthy");
        Done("getReady", (await client.Ready.GetAsync())?.Status == "ready");

        // Text is for no serializer: the answer as it came.
        var text = new NativeResponseHandler();
        await client.Metrics.GetAsync(request => request.Options.Add(new ResponseHandlerOption { ResponseHandler = text }));
        using var figures = (HttpResponseMessage)text.Value!;
        Done("getMetrics", (await figures.Content.ReadAsStringAsync()).Contains("certctl", StringComparison.Ordinal));
        var api = client.Api.V1;
        Done("getAuthInfo", (await api.Auth.Info.GetAsync())?.Required);
        Done("getVersion", (await api.Version.GetAsync())?.Version is not null);
        Done("getAuthCheck", (await api.Auth.Check.GetAsync())?.Admin);
        var issuer = (await api.Issuers.GetAsync())!.Data![0].Id!;
        Done("getIssuers", true);
        Done("getIssuersById", (await api.Issuers[issuer].GetAsync())?.Id == issuer);
        Done("postIssuersByIdTest", (await api.Issuers[issuer].Test.PostAsync())?.Status == "connection_successful");
    }

    private async Task ProfilesAsync()
    {
        var profiles = client.Api.V1.Profiles;
        var made = await profiles.PostAsync(new ProfileJson
        {
            Id = ProfileId,
            Name = "Every operation",
            AllowedKeyAlgorithms = [new KeyRule { Algorithm = KeyRule_algorithm.RSA, MinSize = 3072 }],
            AllowedEkus = ["clientAuth"],
        });
        Done("postProfiles", made?.Id == ProfileId);
        Done(
            "getProfiles",
            (await profiles.GetAsync(request => request.QueryParameters.PerPage = 500))?.Data?.Exists(profile => profile.Id == ProfileId));

        // If-Match says which version was seen: its ETag.
        var seen = new ETagReading();
        var profile = (await profiles[ProfileId].GetAsync(seen.Read))!;
        Done("getProfilesById", seen.ETag is not null);
        profile.MaxTtlSeconds = 7200;
        var replaced = await profiles[ProfileId].PutAsync(profile, request => request.Headers.Add("If-Match", seen.ETag!));
        Done("putProfilesById", replaced?.MaxTtlSeconds == 7200 && replaced.Version == profile.Version + 1);
        await RefusedAsync(412, () => profiles[ProfileId].DeleteAsync(request => request.Headers.Add("If-Match", seen.ETag!)));
        await RefusedAsync(428, () => profiles[ProfileId].DeleteAsync());
        var seenAgain = new ETagReading();
        await profiles[ProfileId].GetAsync(seenAgain.Read);
        await profiles[ProfileId].DeleteAsync(request => request.Headers.Add("If-Match", seenAgain.ETag!));
        await RefusedAsync(404, () => profiles[ProfileId].GetAsync());
        Done("deleteProfilesById", true);
    }

    private async Task ApprovalsAsync()
    {
        var approvals = client.Api.V1.Approvals;
        Done(
            "getApprovals",
            (await approvals.GetAsync(request => request.QueryParameters.All = true))?.Data?.Exists(request => request.Id == approve));
        Done(
            "postApprovalsByIdApprove",
            (await approvals[approve].Approve.PostAsync(new DecisionBody { Note = "ours" }))?.Status == "approved");
        Done("postApprovalsByIdDeny", (await approvals[deny].Deny.PostAsync(new DecisionBody { Note = "not ours" }))?.Status == "denied");
    }

    private async Task CertificatesAsync()
    {
        var certificates = client.Api.V1.Certificates;
        var found = await certificates.GetAsync(request => request.QueryParameters.Serial = serial);
        Done("getCertificates", found?.Total == 1);
        Done("getCertificatesById", (await certificates[serial].GetAsync())?.SerialNumber == serial);
        await using var download = await certificates[serial].Download.GetAsync(
            request => request.QueryParameters.Format = Client.Api.V1.Certificates.Item.Download.GetFormatQueryParameterType.Der);
        using var octets = new MemoryStream();
        await download!.CopyToAsync(octets);
        using var certificate = X509CertificateLoader.LoadCertificate(octets.ToArray());
        Done(
            "getCertificatesByIdDownload",
            string.Equals(certificate.SerialNumber.TrimStart('0'), serial.TrimStart('0'), StringComparison.OrdinalIgnoreCase));
        var held = await certificates[serial].Revoke.PostAsync(
            new RevocationBody { Reason = RevocationBody_reason.CertificateHold, Note = "looked for" });
        Done("postCertificatesByIdRevoke", held?.Status == "revoked");
        Done(
            "postCertificatesByIdRelease",
            (await certificates[serial].Release.PostAsync(new ReleaseBody { Note = "found" }))?.Status == "released");
        var counted = await certificates.BulkRevoke.PostAsync(
            new BulkRevocationBody { Reason = BulkRevocationBody_reason.Superseded, CertificateIds = [serial], DryRun = true });
        Done("postCertificatesBulkRevoke", counted is { TotalMatched: 1, TotalRevoked: 1, DryRun: true });
        await JobsAsync();
        Done("getEnrolmentsByTransaction", (await client.Api.V1.Enrolments[transaction].GetAsync())?.SerialNumbers?.Contains(serial));
    }

    // A serial number that no certificate has: nothing is revoked.
    private async Task JobsAsync()
    {
        var queued = await client.Api.V1.Certificates.BulkRevoke.PostAsync(
            new BulkRevocationBody { Reason = BulkRevocationBody_reason.Superseded, CertificateIds = [new string('1', 40)] });
        var jobs = client.Api.V1.Jobs;
        Done("getJobs", (await jobs.GetAsync())?.Data?.Any(job => job.Id == queued!.Id));
        Done("getJobsById", (await jobs[queued!.Id!.Value].GetAsync())?.TotalMatched == 0);
        Done("postJobsByIdCancel", (await jobs[queued.Id.Value].Cancel.PostAsync())?.EndedAt is not null);
    }

    private async Task AuditAsync()
    {
        var audit = client.Api.V1.Audit;
        var newest = (await audit.GetAsync(request => request.QueryParameters.Serial = serial))!.Data![0];
        Done("getAudit", newest.Id is not null);
        Done("getAuditById", (await audit[$"{newest.Id}"].GetAsync())?.Id == newest.Id);
        await using var export = await audit.Export.GetAsync(
            request => request.QueryParameters.Format = Client.Api.V1.Audit.Export.GetFormatQueryParameterType.Csv);
        using var lines = new StreamReader(export!);
        Done("getAuditExport", (await lines.ReadLineAsync())?.StartsWith("id,timestamp,", StringComparison.Ordinal));
    }

    private async Task KeysAsync()
    {
        var keys = client.Api.V1.ApiKeys;
        var made = await keys.PostAsync(
            new ApiKeyBody { Name = ProfileId, Role = ApiRole.Auditor, ExpiresAt = TimeProvider.System.GetUtcNow().AddDays(1) });
        Done("postApiKeys", made?.Key?.StartsWith("certctl_", StringComparison.Ordinal));
        Done("getApiKeys", (await keys.GetAsync())?.Data?.Exists(key => key.Id == made!.Id));
        await keys[made!.Id!].DeleteAsync();
        Done("deleteApiKeysById", true);
    }

    private async Task ScepAsync()
    {
        var scep = client.Api.V1.Admin.Scep;
        Done("getAdminScepProfiles", (await scep.Profiles.GetAsync())?.ProfileCount > 0);
        Done("getAdminScepIntuneStats", (await scep.Intune.Stats.GetAsync())?.Profiles?.Count > 0);
        Done("postAdminReload", (await client.Api.V1.Admin.Reload.PostAsync())?.Parts?.TrueForAll(part => part.Reason is null));
        Done("postAdminScepIntuneReloadTrust", (await scep.Intune.ReloadTrust.PostAsync(new ReloadBody { PathId = "" }))?.Reloaded);
        Done("getAdminEstProfiles", (await client.Api.V1.Admin.Est.Profiles.GetAsync())?.ProfileCount >= 0);
        Done("postAdminEstReloadTrust", await HasNoTrustAsync());
        var scan = client.Api.V1.NetworkScan;
        Done("postNetworkScanScepProbe", (await scan.ScepProbe.PostAsync(new ScepProbeBody { Url = scepServer }))?.Reachable);
        Done("getNetworkScanScepProbes", (await scan.ScepProbes.GetAsync())?.ProbeCount > 0);
    }

    // 404: no EST profile here has a trust bundle.
    private async Task<bool> HasNoTrustAsync()
    {
        try
        {
            return (await client.Api.V1.Admin.Est.ReloadTrust.PostAsync(new ReloadBody { PathId = "" }))?.Reloaded == true;
        }
        catch (ApiException refusal)
        {
            return refusal.ResponseStatusCode == 404;
        }
    }

    private static void Done(string operation, bool? asExpected) =>
        Console.WriteLine(
            asExpected == true ? operation : throw new InvalidOperationException($"{operation} answers something else than expected."));

    private static async Task RefusedAsync(int status, Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (ApiException refusal) when (refusal.ResponseStatusCode == status)
        {
            return;
        }

        throw new InvalidOperationException($"{status} was expected.");
    }
}
