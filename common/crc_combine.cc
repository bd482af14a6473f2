// Polynomial arithmetic over GF(2), as in zlib's crc32_combine: appending n zero bytes multiplies a
// CRC by x^(8n) modulo the polynomial.
#include "common/crc_combine.h"

#include "common/coding.h"

namespace cairn {

namespace {

// The reflected polynomials.
uint32_t Polynomial(ChecksumType type) {
  return type == ChecksumType::kCrc32c ? 0x82f63b78u : 0xedb88320u;
}

// a · b modulo the polynomial; bit 31 is x^0.
uint32_t Multiply(uint32_t a, uint32_t b, uint32_t polynomial) {
  uint32_t product = 0;
  for (uint32_t bit = 1u << 31; bit != 0; bit >>= 1) {
    if (a & bit) product ^= b;
    b = (b & 1) ? (b >> 1) ^ polynomial : b >> 1;
  }
  return product;
}

// x^(8 · bytes) modulo the polynomial.
uint32_t ShiftOperator(int64_t bytes, uint32_t polynomial) {
  uint32_t result = 1u << 31;  // x^0
  uint32_t square = 1u << 23;  // x^8
  for (; bytes > 0; bytes >>= 1) {
    if (bytes & 1) result = Multiply(square, result, polynomial);
    square = Multiply(square, square, polynomial);
  }
  return result;
}

}  // namespace

uint32_t CombineCrc(ChecksumType type, uint32_t first, uint32_t second, int64_t second_bytes) {
  const uint32_t polynomial = Polynomial(type);
  return Multiply(ShiftOperator(second_bytes, polynomial), first, polynomial) ^ second;
}

void CrcComposer::Add(uint32_t crc, int64_t bytes) {
  const uint32_t polynomial = Polynomial(type_);
  if (current_bytes_ == 0) {
    current_ = crc;
  } else {
    if (bytes != operator_bytes_) {
      operator_ = ShiftOperator(bytes, polynomial);
      operator_bytes_ = bytes;
    }
    current_ = Multiply(operator_, current_, polynomial) ^ crc;
  }
  current_bytes_ += bytes;
  if (stripe_ > 0 && current_bytes_ >= stripe_) {
    PutBigEndian<uint32_t>(out_, current_);
    current_bytes_ = 0;
  }
}

std::string CrcComposer::Finish() {
  if (current_bytes_ > 0 || out_.empty()) {
    PutBigEndian<uint32_t>(out_, current_bytes_ > 0 ? current_ : 0);
  }
  current_bytes_ = 0;
  return std::exchange(out_, {});
}

}  // namespace cairn
