// Digests on a machine in FIPS mode. A program of its own, because OpenSSL reads its configuration once.
#include <cstdlib>

#include <QTest>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/hash.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::testing;

class TestDigestMissing final : public QObject {
    Q_OBJECT

    TemporaryFolder m_folder;

private Q_SLOTS:
    void initTestCase() {
        const auto configuration = m_folder / "openssl.cnf";
        QVERIFY(writeFileAtomically(systemFiles(), configuration,
                                    "openssl_conf = init\n[init]\nalg_section = evp\n"
                                    "[evp]\ndefault_properties = fips=yes\n"));
        ::setenv("OPENSSL_CONF", configuration.c_str(), 1);
    }

    void aSumThatOpenSslRefusesIsAnErrorAndNotAnEmptySum() {
        const auto file = m_folder / "consolidated.00.pth";
        QVERIFY(writeFileAtomically(systemFiles(), file, "weights"));
        const auto sum = md5File(file);
        QVERIFY(!sum);
        QVERIFY(sum.error().code == codes::kFileRead);
        QVERIFY2(sum.error().message.find(file.string() + ": OpenSSL gives no MD5") != std::string::npos,
                 sum.error().message.c_str());
    }
};

QTEST_GUILESS_MAIN(TestDigestMissing)
#include "test_digest_missing.moc"
