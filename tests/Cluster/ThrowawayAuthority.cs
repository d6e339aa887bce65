using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FitCluster.Cluster.Tests;

/// <summary>
/// A folder with an authority of a test's own (ca.pem), a certificate of it for 'localhost' only (server.pem,
/// server-key.pem), and a stranger's authority (other.pem); and folders as --tls of a node wants them: nodes, and strangers, whose
/// certificate the other authority has signed.
/// </summary>
internal sealed class ThrowawayAuthority : IDisposable
{
    public ThrowawayAuthority()
    {
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var key = RSA.Create(2048);
        using var authority = Authority("throw-away").CreateSelfSigned(from, to);
        using var stranger = Authority("stranger").CreateSelfSigned(from, to);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var server = request.Create(authority, from, to, [1, 2, 3, 4]);
        File.WriteAllText(At("ca.pem"), authority.ExportCertificatePem());
        File.WriteAllText(At("other.pem"), stranger.ExportCertificatePem());
        File.WriteAllText(At("server.pem"), server.ExportCertificatePem());
        File.WriteAllText(At("server-key.pem"), key.ExportPkcs8PrivateKeyPem());
        using var strange = request.Create(stranger, from, to, [5, 6, 7, 8]);
        foreach (var (folder, ca, own) in new[] { ("nodes", authority, server), ("strangers", stranger, strange) })
        {
            Directory.CreateDirectory(At(folder));
            File.WriteAllText(Path.Combine(At(folder), "ca.crt"), ca.ExportCertificatePem());
            File.WriteAllText(Path.Combine(At(folder), "tls.crt"), own.ExportCertificatePem());
            File.WriteAllText(Path.Combine(At(folder), "tls.key"), key.ExportPkcs8PrivateKeyPem());
        }
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("fitcluster-tls-").FullName;

    public string At(string name) => Path.Combine(Folder, name);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static CertificateRequest Authority(string name)
    {
        var request = new CertificateRequest($"CN={name}", RSA.Create(2048), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request;
    }
}
