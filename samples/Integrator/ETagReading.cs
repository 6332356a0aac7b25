using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Http.HttpClientLibrary.Middleware.Options;

namespace Integrator;

/// <summary>The ETag of an answer: Kiota's methods give the body alone, and its headers only where they are asked for.</summary>
internal sealed class ETagReading
{
    private readonly HeadersInspectionHandlerOption _headers = new() { InspectResponseHeaders = true };

    /// <summary>With its quotes, as If-Match wants it; null before an answer.</summary>
    public string? ETag => _headers.ResponseHeaders.TryGetValue("ETag", out var values) ? values.First() : null;

    /// <summary>For a request's configuration.</summary>
    public void Read(RequestConfiguration<DefaultQueryParameters> request) => request.Options.Add(_headers);
}
