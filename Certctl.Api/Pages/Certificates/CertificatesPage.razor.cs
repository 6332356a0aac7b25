using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Endpoints;
using Certctl.Api.Rest.Http;
using Certctl.Application.Admin.Certificates;
using Certctl.Domain.Certificates;
using Microsoft.AspNetCore.Components;

namespace Certctl.Api.Pages.Certificates;

/// <summary>The issued certificates, newest first.</summary>
public sealed partial class CertificatesPage
{
    // The others of the REST API are taken from the address too.
    private static readonly string[] OfferedNames =
        ["q", "status", "source", "profile_id", "serial", "expires_after", "expires_before", "created_after", "created_before"];

    private static readonly QueryField[] Offered = [.. OfferedNames.Select(name => CertificateEndpoints.Filters.Single(f => f.Name == name))];

    private CertificatePage? _page;
    private DateTimeOffset _now;
    private bool _mayRevokeMany;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    protected override string Path => "certificates";

    private protected override IReadOnlyList<QueryField> Fields => CertificateEndpoints.Filters;

    protected override async Task OnInitializedAsync() => _mayRevokeMany = await Access.MayAsync(ApiPolicy.Admin);

    protected override async Task<bool> LoadListAsync()
    {
        _now = Time.GetUtcNow();
        var filter = CertificateEndpoints.ReadFilter(Query);

        // A cursor that was cut in the address line begins anew.
        var before = CertificateEndpoints.Mark(QueryField.Cursor.Of(Query), []);
        var read = await Access.ReadAsync(
            ApiPolicy.Auditor, cancelled => Inventory.ListAsync(filter, _now, before, 0, Rows, cancelled), Closed);
        return Take(read, page => _page = page);
    }

    private static string NameOf(IssuedCertificate certificate) =>
        certificate.Subject.Length > 0 ? certificate.Subject : certificate.SerialNumber;
}
