using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Xunit;

namespace FitCluster.Engine.Tests.Clustered;

/// <summary>Links with certificates: who has none of the authority's gets nowhere.</summary>
public sealed class CertificateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fitcluster-tls").FullName;
    private readonly ConcurrentQueue<string> _said = new();
    private readonly TaskCompletionSource _arrived = new();
    private readonly LinkListener _listener;
    private readonly NodeCertificates _trusted;
    private readonly X509Certificate2 _authority = Authority();

    public CertificateTests()
    {
        _trusted = Read(Write("own", _authority, 1));
        _listener = new LinkListener(new IPEndPoint(IPAddress.Loopback, 0), (_, _, _) => _arrived.TrySetResult(), _said.Enqueue);
        _listener.Start(Identity(_trusted));
    }

    public void Dispose()
    {
        _listener.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static X509Certificate2 Authority()
    {
        var request = new CertificateRequest("CN=authority", ECDsa.Create(), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-9), DateTimeOffset.UtcNow.AddDays(9));
    }

    /// <summary>A folder with a certificate that is valid until so many days from now.</summary>
    private string Write(string name, X509Certificate2 authority, int days)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
        using var key = ECDsa.Create();
        using var certificate = new CertificateRequest("CN=node", key, HashAlgorithmName.SHA256)
            .Create(authority, DateTimeOffset.UtcNow.AddDays(-8), DateTimeOffset.UtcNow.AddDays(days), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(Path.Combine(folder, "ca.crt"), authority.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "tls.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "tls.key"), key.ExportPkcs8PrivateKeyPem());
        return folder;
    }

    private static NodeCertificates Read(string folder) => NodeCertificates.Read(folder);

    private LinkIdentity Identity(NodeCertificates? certificates) =>
        new("a", new NodePlace("127.0.0.1", _listener.Port, _listener.Port), "1", certificates);

    private async Task<bool> Gets(NodeCertificates? certificates)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(8));
        try
        {
            var (stream, _) = await Identity(certificates).Connect(Identity(null).Place, LinkPurpose.Letters, limit.Token);
            LinkItem.Of(LinkItemKind.Here, new("shard", "x")).Write(stream);
            await stream.FlushAsync();
            await Task.WhenAny(_arrived.Task, Task.Delay(1000));
            await stream.DisposeAsync();
        }
        catch (Exception error) when (error is IOException or System.Security.Authentication.AuthenticationException)
        {
            // Refused.
        }

        return _arrived.Task.IsCompleted;
    }

    [Fact]
    public async Task Who_has_a_certificate_of_the_authority_is_welcome() =>
        Assert.True(await Gets(Read(Write("other", _authority, 1))));

    [Fact]
    public async Task Who_has_none_is_not() => Assert.False(await Gets(null));

    [Fact]
    public async Task Who_has_one_of_another_authority_is_not()
    {
        using var foreign = Authority();
        var folder = Write("foreign", foreign, 1);
        Assert.False(await Gets(Read(folder)));
        // Nor one who trusts the right one and has a certificate of the other.
        File.Copy(Path.Combine(_folder, "own", "ca.crt"), Path.Combine(folder, "ca.crt"), overwrite: true);
        var error = Assert.Throws<ClusterEngineException>(() => Read(folder));
        Assert.StartsWith($"the certificate '{folder}/tls.crt' cannot be used: ", error.Message);
    }

    [Fact]
    public async Task One_that_has_run_out_is_refused_by_its_own_node_and_by_others()
    {
        var folder = Write("old", _authority, -1);
        Assert.Contains("cannot be used", Assert.Throws<ClusterEngineException>(() => Read(folder)).Message);
        using var old = X509Certificate2.CreateFromPemFile(Path.Combine(folder, "tls.crt"), Path.Combine(folder, "tls.key"));
        Assert.False(_trusted.IsTrusted(old));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _listener.Port);
        await using var tls = new SslStream(client.GetStream(), false, (_, other, _, _) => other is not null);
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "fitcluster",
                ClientCertificates = [X509CertificateLoader.LoadPkcs12(old.Export(X509ContentType.Pkcs12), null)],
            });
            await Identity(null).Hello(LinkPurpose.Letters, "1").Write(tls, default);
            await LinkHello.Read(tls, default);
        });
        Assert.Contains(_said, words => words.StartsWith("a link of 127.0.0.1 was refused: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_node_gives_its_words_to_nobody_whose_certificate_is_foreign()
    {
        using var foreign = Authority();
        var mine = Read(Write("mine", foreign, 1));
        await Assert.ThrowsAsync<System.Security.Authentication.AuthenticationException>(
            () => Identity(mine).Connect(Identity(null).Place, LinkPurpose.Probe, default));
    }
}
